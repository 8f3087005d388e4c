"""nginx on the loopback, with the files of deploy/compose/nginx, in front of MovR."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.conftest import ROOT, START_TIMEOUT, free_port, wait_until_answering

CONFIGURATION: Final = ROOT / "deploy" / "compose" / "nginx"
SECRETS: Final = "/run/secrets"
LISTENED_AT: Final = ("8080", "8443")  # in the container
NGINX: Final = shutil.which("nginx", path=os.pathsep.join((os.environ["PATH"], "/usr/sbin")))
HOW_TO_GET_IT: Final = "no nginx found (Debian: apt-get install nginx-light)"


@contextmanager
def folder() -> Iterator[Path]:
    """Create a folder that nginx's workers can read; under root they run as user nobody."""
    with tempfile.TemporaryDirectory(prefix="movr-nginx-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def configure(here: Path, replicas: Sequence[int], ports: Mapping[str, int]) -> None:
    """Copy the files with other replicas, ports and folders of secrets.

    HTTP/2 is also configured in the old way, because Debian's nginx is older than 1.25.1.
    """
    shutil.copytree(CONFIGURATION, here, dirs_exist_ok=True)
    servers = "".join(f"server 127.0.0.1:{port} max_fails=0;\n" for port in replicas)
    (here / "servers.conf").write_text(servers)
    (here / "http2.conf").write_text("")
    for file in ("plain.conf", "tls.conf"):
        text = (here / file).read_text().replace(SECRETS, str(here))
        text = text.replace(" ssl default_server", " ssl http2 default_server")
        for port in LISTENED_AT:
            text = text.replace(f"listen {port} ", f"listen 127.0.0.1:{ports.get(port, port)} ")
        (here / file).write_text(text)


def command(here: Path, file: str) -> list[str]:
    """Return the command of services.yaml with other folders."""
    return [NGINX or "nginx", "-e", "stderr", "-p", str(here), "-c", str(here / file)]


@contextmanager
def running(here: Path, file: str, url: str) -> Iterator[str]:
    """Run nginx with this file and yield its URL. Its log is in `here`."""
    with (here / "log").open("wb") as log:
        process = subprocess.Popen(
            command(here, file), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_until_answering(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(START_TIMEOUT)


@contextmanager
def proxying(replicas: Sequence[int]) -> Iterator[str]:
    """Run nginx over plain HTTP in front of replicas at these ports, and yield its URL."""
    port = free_port()
    with folder() as here:
        configure(here, replicas, {"8080": port})
        with running(here, "plain.conf", f"http://127.0.0.1:{port}") as url:
            yield url

"""Commands run as from a terminal."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from movr import signals

ROOT = Path(__file__).parent.parent


RunHere = Callable[..., subprocess.CompletedProcess[str]]


@contextmanager
def running_here(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[RunHere]:
    """Run the main function of a command in this process, which spares a second of imports."""
    handlers = {ending: signal.getsignal(ending) for ending in signals.TERMINATION_SIGNALS}

    def run(
        main: Callable[[], int], *arguments: str, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", [main.__module__, *arguments])
        for name, text in settings.items():
            monkeypatch.setenv(name, text)
        try:
            status = main()
        except SystemExit as ended:  # of argparse
            status = int(ended.code or 0)
        return subprocess.CompletedProcess(arguments, status, *capfd.readouterr())

    yield run
    for ending, handler in handlers.items():
        signal.signal(ending, handler)


class Command:
    """A command in a separate session, as from a terminal, with its output captured."""

    def __init__(
        self, command: Sequence[str], output: Path, environment: Mapping[str, str]
    ) -> None:
        self._file = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """The output so far."""
        return self._file.read_text()

    def press_ctrl_c(self) -> None:
        """Send SIGINT to the process group, as a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def send_signal(self, ending: signal.Signals) -> None:
        """Send this signal, as the terminal or the system does."""
        if ending is signal.SIGINT:
            self.press_ctrl_c()
        else:
            self.process.send_signal(ending)

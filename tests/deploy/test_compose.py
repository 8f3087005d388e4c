"""The Compose files: services, secrets and ports. test_nginx.py tests their nginx."""

import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from sqlalchemy import URL, text
from sqlalchemy.exc import ProgrammingError

from movr import cities
from movr.database import admin, embedded
from movr.database.engine import hosts, parse_uri
from movr.formats import MANAGER
from movr.movr import MovR
from movr.outbox import LEASE
from tests import databases
from tests.conftest import ROOT, app_with_commands, settings_for, visiting
from tests.deploy.compose import Model, Service, load
from tests.deploy.proxy import CONFIGURATION
from tests.deploy.test_manifests import gunicorn_setting, values
from tests.visitor import DELETION
from web.app import create_app
from web.config import Settings, read_settings

COMPOSE = ROOT / "deploy" / "compose"
FILES = {
    "laptop": (ROOT / "compose.yaml",),
    "production": (COMPOSE / "production.yaml",),
    "cloud-sql": (COMPOSE / "production.yaml", COMPOSE / "cloud-sql.yaml"),
}
README = (COMPOSE / "README.md").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
WRITTEN = (ROOT / "compose.yaml", *sorted(COMPOSE.glob("*.yaml")))
NODES = {f"cockroachdb-{region}" for region in ("us-east", "us-west", "europe-west")}
MOVR = ("web", "outbox", "migration")
ONCE = {"migration", "cockroachdb-init"}  # services that end
EVERY_SERVICE = [(way, name) for way, files in FILES.items() for name in load(*files)["services"]]

every_way = pytest.mark.parametrize("way", FILES)
every_service = pytest.mark.parametrize(("way", "name"), EVERY_SERVICE)


@cache
def model(way: str) -> Model:
    return load(*FILES[way])


def service(way: str, name: str) -> Service:
    found = model(way)["services"][name]
    assert isinstance(found, dict)
    return found


def seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)s", text)
    assert found
    return int(found[1])


# Services


def test_one_command_starts_a_database_its_migration_movr_and_nginx() -> None:
    assert started(set()) == {"db", "migration", "web", "outbox", "nginx"}
    assert started({"tls"}) == started(set()) | {"nginx-tls"}
    assert started({"cockroachdb"}) == started(set()) | NODES | {"cockroachdb-init"}


def started(profiles: set[str]) -> set[str]:
    """Return the services that these profiles start, in development."""
    return {
        name
        for name, service in model("laptop")["services"].items()
        if profiles.issuperset(service.get("profiles", ())[:1])
    }


@pytest.mark.parametrize("way", ["production", "cloud-sql"])
def test_production_has_an_external_database_and_https(way: str) -> None:
    assert set(model(way)["services"]) - {"cloud-sql"} == {*("migration", "web", "outbox", "nginx")}
    assert service(way, "nginx")["command"][-1] == "/etc/movr/tls.conf"


@every_way
def test_movr_starts_when_its_schema_is_there_and_nginx_when_movr_is(way: str) -> None:
    for name in ("web", "outbox"):
        assert service(way, name)["depends_on"] == {
            "migration": {"condition": "service_completed_successfully"}
        }
    for name in model(way)["services"]:
        if name.startswith("nginx"):
            assert service(way, name)["depends_on"] == {"web": {"condition": "service_healthy"}}
    assert service(way, "migration")["command"][-2:] == ["db", "upgrade"]


@pytest.mark.parametrize(("way", "database"), [("laptop", "db"), ("cloud-sql", "cloud-sql")])
def test_the_migration_waits_for_the_database(way: str, database: str) -> None:
    waits_for = service(way, "migration")["depends_on"]

    assert waits_for[database] == {"condition": "service_healthy"}
    for name, how in waits_for.items():
        profiles = service(way, name).get("profiles", [])
        assert how.get("required", True) is (not profiles), "what a profile starts may be missing"


def test_no_service_is_extended_that_waits_for_another() -> None:
    """Some versions of Compose refuse this, others ignore it."""
    assert "depends_on" not in (COMPOSE / "services.yaml").read_text()


@every_way
def test_dependencies_of_services_are_in_the_same_files(way: str) -> None:
    services = model(way)["services"]

    for name, each in services.items():
        assert set(each.get("depends_on", ())) <= set(services), name


@every_way
def test_there_may_be_many_replicas_of_movr(way: str) -> None:
    """A container name or a host port would allow only one replica."""
    assert not service(way, "web").keys() & {"container_name", "ports", "hostname"}


@every_service
def test_long_running_services_have_a_health_check_and_restart(way: str, name: str) -> None:
    each = service(way, name)

    if name in ONCE:
        assert each["restart"] == "no"
    else:
        if name == "outbox":  # it serves nothing, and ends after what it does not expect
            assert each["healthcheck"] == {"disable": True}
        else:
            assert each["healthcheck"]["test"][0] == "CMD"
        assert each["restart"] == "unless-stopped"


def test_the_health_check_of_movr_requests_readyz(tmp_path: Path) -> None:
    """The test runs the command, which must fail without a server."""
    command = service("laptop", "web")["healthcheck"]["test"][2:]

    done = subprocess.run([sys.executable, *command], check=False, cwd=tmp_path, timeout=10)

    assert '"/readyz"' in command[-1]
    assert f'"127.0.0.1", {Settings().port}' in command[-1]
    assert done.returncode == 1


@every_way
def test_movr_has_time_to_finish_its_requests(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    web = service(way, "web")
    draining = int(web["environment"].get("DRAIN_SECONDS", 0))

    assert seconds(web["stop_grace_period"]) > draining + gunicorn_setting(
        "graceful_timeout", monkeypatch
    )


@every_way
def test_the_outbox_reaches_a_mail_server_and_has_time_to_finish_a_letter(way: str) -> None:
    outbox = service(way, "outbox")

    assert outbox["command"][-2:] == ["outbox", "run"]
    assert any(not model(way)["networks"][name].get("internal") for name in outbox["networks"])
    assert seconds(outbox["stop_grace_period"]) >= LEASE.total_seconds()


@every_way
def test_nginx_has_time_to_finish_its_requests(way: str) -> None:
    found = re.search(
        r"worker_shutdown_timeout (\d+s);", (CONFIGURATION / "process.conf").read_text()
    )

    assert found
    assert seconds(service(way, "nginx")["stop_grace_period"]) > seconds(found[1])


# Consistency


@every_service
def test_every_setting_is_one_of_movr_s(way: str, name: str) -> None:
    if name in MOVR:
        for variable in service(way, name)["environment"]:
            known = hasattr(Settings(), variable.removesuffix("_FILE").lower())
            assert known or variable.startswith("OTEL_"), variable


@every_way
def test_tracing_and_pool_size_come_from_the_environment(way: str) -> None:
    """A variable without a value is passed on only if it is set; empty is not the same as unset."""
    environment = service(way, "web")["environment"]

    passed_on = {variable for variable, text in environment.items() if text is None}
    assert passed_on == {
        "POOL_SIZE",
        "MAIL_URI",
        "MAIL_FROM",
        "SITE_URL",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_SERVICE_NAME",
        "OTEL_TRACES_EXPORTER",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",
    }


@every_way
def test_an_upgrade_of_three_replicas_has_connections_enough(way: str) -> None:
    """A pool has POOL_SIZE of them: forms with passwords and probes have threads of their own."""
    found = re.fullmatch(r"\$\{WORKERS:-(\d+)\}", service(way, "web")["environment"]["WORKERS"])
    assert found
    each = int(found[1]) * 2 * Settings().pool_size
    _, allowed = service("laptop", "db")["command"]

    product = f"6 x {found[1]} x 2 x {Settings().pool_size} = {6 * each}"
    assert product in README.replace("\N{MULTIPLICATION SIGN}", "x")
    assert 6 * each < int(allowed.removeprefix("max_connections="))
    assert f"of the {allowed.removeprefix('max_connections=')} that" in README


@every_way
@pytest.mark.parametrize("other", ["migration", "outbox"])
def test_its_other_services_run_the_image_and_the_settings_of_movr(way: str, other: str) -> None:
    web, command = service(way, "web"), service(way, other)

    for same in ("image", "build"):
        assert web[same] == command[same]
    assert without_database(web) == without_database(command)
    assert web["build"]["context"] == str(ROOT)
    assert set(web["build"]["args"]) <= set(re.findall(r"ARG (\w+)", DOCKERFILE))


def without_database(movr: Service) -> tuple[dict[str, str], set[str]]:
    """Return variables and secrets, apart from the role that a service of MovR connects as."""
    environment = {k: v for k, v in movr["environment"].items() if not k.startswith("DB_URI")}
    return environment, set(movr["secrets"]) - {"db_uri", "db_owner_uri"}


@every_service
def test_nginx_reads_the_files_that_are_tested(way: str, name: str) -> None:
    each = service(way, name)

    if each["image"].startswith("nginx:"):
        assert each["volumes"] == [f"{CONFIGURATION}:/etc/movr:ro"]
        file = Path(each["command"][-1])
        assert each["command"] == ["nginx", "-p", "/tmp", "-c", str(file)]
        assert (CONFIGURATION / file.name).exists()


def test_nginx_finds_replicas_that_come_and_go() -> None:
    servers = (CONFIGURATION / "servers.conf").read_text()
    image = service("laptop", "nginx")["image"]
    version = tuple(int(part) for part in re.findall(r"\d+", image)[:3])

    assert f"server web:{Settings().port} resolve max_fails=0;" in servers
    assert "resolver 127.0.0.11 valid=2s" in (CONFIGURATION / "http.conf").read_text()
    assert version >= (1, 27, 3), "the first open-source nginx that knows `resolve`"


def test_every_region_has_its_node_of_cockroachdb() -> None:
    localities = {service("laptop", node)["command"][0] for node in NODES}

    assert localities == {f"--locality=region={region}" for region in cities.REGIONS}
    for node in NODES:
        entrypoint = service("laptop", node)["entrypoint"]
        (join,) = [word for word in entrypoint if word.startswith("--join=")]
        assert set(join.removeprefix("--join=").split(",")) == NODES


def test_nodes_of_cockroachdb_share_no_volume() -> None:
    assert len({service("laptop", node)["volumes"][0] for node in NODES}) == len(NODES)


@every_way
def test_every_network_volume_and_secret_is_declared(way: str) -> None:
    declared = model(way)

    for each in declared["services"].values():
        assert set(each.get("networks", ())) <= set(declared["networks"])
        assert set(each.get("secrets", ())) <= set(declared["secrets"])
        for volume in each.get("volumes", ()):
            source = volume.partition(":")[0]
            assert Path(source).is_dir() or source in declared["volumes"]


# Secrets


@every_way
def test_every_secret_is_a_file_in_the_folder_for_secrets(way: str) -> None:
    for name, secret in model(way)["secrets"].items():
        assert secret.keys() == {"file"}, name
        assert Path(secret["file"]).parent == COMPOSE / "secrets"


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_no_secret_is_written_down(file: Path) -> None:
    written = yaml.safe_load(file.read_text())

    for environment in values(written, "environment"):
        for name, value in environment.items():
            if re.search("PASSWORD|SECRET|KEY|URI|TOKEN", name):
                is_elsewhere = value is None or value.startswith(("/run/secrets/", "${DB_URI:?"))
                assert is_elsewhere, name
    assert "://" not in file.read_text()


@every_service
def test_a_file_of_a_secret_is_one_that_the_service_gets(way: str, name: str) -> None:
    each = service(way, name)
    words = [*each.get("environment", {}).values(), *each.get("command", ())]

    for word in filter(None, words):
        for secret in re.findall(r"/run/secrets/(\w+)", word):
            assert secret in each["secrets"]


def test_production_takes_the_database_from_the_environment_alone() -> None:
    for name in MOVR:
        environment = service("production", name)["environment"]
        assert environment["DB_URI"].startswith("${DB_URI:?")
        assert "DB_URI_FILE" not in environment
        assert "env_file" not in service("production", name)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Run make-secrets in another folder and return its secrets."""
    shutil.copy(COMPOSE / "make-secrets", tmp_path)
    subprocess.run([tmp_path / "make-secrets"], check=True)
    return tmp_path / "secrets"


def test_one_command_makes_the_secrets_of_a_laptop(made: Path) -> None:
    wanted = {Path(secret["file"]).name for secret in model("laptop")["secrets"].values()}
    each_database = {
        name.replace("${DATABASE:-postgresql}", database)
        for name in wanted
        for database in ("postgresql", "cockroachdb")
    }

    assert {path.name for path in made.iterdir()} == each_database - {"tls_certificate", "tls_key"}
    assert len((made / "secret_key").read_text().strip()) == 64


@pytest.mark.parametrize(("role", "file"), [("movr", "uri"), ("movr_owner", "owner_uri")])
def test_each_role_has_a_password_of_its_own(made: Path, role: str, file: str) -> None:
    postgresql = parse_uri((made / f"postgresql_{file}").read_text().strip())
    cockroachdb = parse_uri((made / f"cockroachdb_{file}").read_text().strip())
    name = role.removeprefix("movr_")

    assert (postgresql.host, postgresql.username, postgresql.database) == ("db", role, "movr")
    assert postgresql.password == (made / f"db_{name}_password").read_text().strip()
    assert (cockroachdb.username, cockroachdb.database) == (role, "movr")
    assert {host for host, _ in hosts(cockroachdb)} == set(NODES)
    assert len({path.read_text() for path in made.glob("db_*password")}) == 3


@every_service
def test_movr_starts_with_what_it_is_given(way: str, name: str, made: Path) -> None:
    if name not in MOVR:
        return
    uri = (made / "postgresql_uri").read_text().strip()
    for file in ("db_uri", "db_owner_uri"):
        (made / file).write_text(uri)
    given = {
        variable: (uri if variable == "DB_URI" else text)
        .replace("/run/secrets", str(made))
        .replace("${REGION:-}", "")
        .replace("${WORKERS:-2}", "2")
        for variable, text in service(way, name)["environment"].items()
        if text is not None
    }

    settings = read_settings(given)

    assert settings.db_uri == uri
    assert settings.secret_key == (made / "secret_key").read_text().strip()
    assert (settings.proxy_hops, settings.log_format) == (1, "json")


def test_only_containers_and_the_owner_can_read_secrets(made: Path) -> None:
    """MovR's user in the container differs from the owner; the folder excludes other users."""
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    for path in made.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_existing_secrets_are_not_changed(made: Path) -> None:
    before = {path: path.read_text() for path in made.iterdir()}

    subprocess.run([made.parent / "make-secrets"], check=True)

    assert {path: path.read_text() for path in made.iterdir()} == before


def test_settings_are_read_from_the_env_file() -> None:
    """Compose reads .env; an exported variable would be missing in the next shell."""
    chosen = "DATABASE|COMPOSE_PROFILES|COMPOSE_FILE|MOVR_VERSION|CLOUD_SQL"

    assert not re.search(rf"export .*\b({chosen})=", README)
    for variable in chosen.split("|"):
        assert re.search(rf"\b{variable}=\S+.* >+ \.env$", README, re.MULTILINE), variable


def test_database_dumps_are_written_to_an_ignored_folder() -> None:
    written = re.findall(r"> (\S+\.dump)", README)

    assert {Path(file).parent for file in written} == {Path("deploy/compose/secrets")}


def test_no_secret_gets_into_git_or_the_image() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    kept_out = (ROOT / ".dockerignore").read_text().splitlines()

    assert "/deploy/compose/secrets/" in ignored
    assert {"deploy", ".env"} <= set(kept_out)


# Roles of the database


def test_movr_and_its_migration_connect_as_different_roles() -> None:
    assert service("laptop", "web")["environment"]["DB_URI_FILE"] == "/run/secrets/db_uri"
    assert "db_owner_uri" not in service("laptop", "web")["secrets"]
    assert (
        service("laptop", "migration")["environment"]["DB_URI_FILE"] == "/run/secrets/db_owner_uri"
    )


@pytest.fixture
def server_of_compose(made: Path) -> Iterator[URL]:
    """PostgreSQL, set up by the files of the service `db`; the URL of its database."""
    with embedded.temporary("movr") as uri:
        for file in sorted((COMPOSE / "postgresql").iterdir()):
            sql = file.read_text().replace("/run/secrets", str(made))
            psql = [str(embedded.psql()), "--no-psqlrc", "-v", "ON_ERROR_STOP=1", uri]
            subprocess.run(psql, input=sql, text=True, check=True, capture_output=True)
        yield parse_uri(uri)


def as_role(url: URL, role: str) -> str:
    return admin.uri_text(url.set(username=role))


@pytest.fixture
def migrated(server_of_compose: URL) -> URL:
    """The same database with MovR's schema, by the service `migration`."""
    databases.bring_to_head(as_role(server_of_compose, "movr_owner"))
    return server_of_compose


def test_movr_serves_with_the_rights_of_its_role(migrated: URL) -> None:
    app = create_app(settings_for(as_role(migrated, "movr")))
    with visiting(app) as new:
        rider = new().register()
        movr: MovR = app.extensions["movr"]
        member = movr.find_member(rider.username)
        assert member
        assert movr.staff.grant_role_as_operator("paris", member.key, MANAGER, "A test")
        vehicle = new().register().add_vehicle()
        rider.start(vehicle, "new york")
        rider.end(rider.active_ride())
        profile = f"/users/remove/{rider.id}"

        assert rider.get("/readyz").status_code == 200
        assert "movr" in rider.get("/rides").text.lower()
        assert rider.post(profile, **DELETION).status_code == 303


APPEND_ONLY = (
    "UPDATE audit_entries SET reason = 'none'",
    "DELETE FROM audit_entries",
    "UPDATE vehicle_events SET happened_at = now()",
)
NOT_FOR_MOVR = (
    "DELETE FROM rides",
    "TRUNCATE rides",
    "DROP TABLE rides",
    "CREATE TABLE mine (id INTEGER)",
    "CREATE TEMPORARY TABLE mine (id INTEGER)",
    "UPDATE alembic_version SET version_num = ''",
    *APPEND_ONLY,
    "CREATE ROLE mine",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SET ROLE movr_owner",
)


def assert_refused(migrated: URL, *statements: str) -> None:
    """Assert that the role of MovR may do none of these."""
    engine = databases.connect(as_role(migrated, "movr"))
    for statement in statements:
        with engine.connect() as connection, pytest.raises(ProgrammingError) as refused:
            connection.execute(text(statement))
        assert "permission denied" in str(refused.value) or "must be owner" in str(refused.value)
    engine.dispose()


def test_the_role_of_movr_changes_rows_and_nothing_else(migrated: URL) -> None:
    assert_refused(migrated, *NOT_FOR_MOVR)


def test_a_placement_by_the_owner_leaves_movr_its_rights(migrated: URL) -> None:
    owner = app_with_commands(as_role(migrated, "movr_owner"))
    applied = owner.test_cli_runner().invoke(args=["placement", "apply", "postgres-partition"])
    owner.extensions["movr"].close()

    assert applied.exit_code == 0, applied.output
    with visiting(create_app(settings_for(as_role(migrated, "movr")))) as new:
        assert new().register().add_vehicle()
    assert_refused(migrated, *APPEND_ONLY)


# Security


@every_service
def test_on_a_laptop_only_this_machine_may_connect(way: str, name: str) -> None:
    ports = service(way, name).get("ports", [])

    if way == "laptop":
        assert all(port.startswith("127.0.0.1:") for port in ports)
    elif name == "nginx":
        assert ports == ["80:8080", "443:8443"]
    if "nginx" not in name:
        assert ports == []


def test_the_databases_are_for_movr_alone() -> None:
    assert model("laptop")["networks"]["database"] == {"internal": True}
    for name in {"db", "cockroachdb-init"} | NODES:
        assert service("laptop", name)["networks"] == ["database"]
    assert service("laptop", "nginx")["networks"] == ["proxy"]


@every_service
def test_services_have_minimal_privileges(way: str, name: str) -> None:
    each = service(way, name)

    assert each["security_opt"] == ["no-new-privileges:true"]
    assert not each.keys() & {"privileged", "cap_add", "pid", "ipc", "network_mode"}
    if name not in {"db", "cockroachdb-init"} | NODES:
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]


@every_way
def test_movr_writes_to_memory_alone(way: str) -> None:
    places = [place.partition(":")[0] for place in service(way, "web")["tmpfs"]]

    assert places == ["/tmp", "/dev/shm"]
    assert not service(way, "web")["volumes"]


@every_service
def test_an_image_is_ours_or_pinned_to_a_version(way: str, name: str) -> None:
    each = service(way, name)

    if "build" in each:
        assert each["image"] == "movr:${MOVR_VERSION:-local}"
    else:
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", each["image"])


def test_nginx_runs_as_an_unprivileged_user() -> None:
    assert service("laptop", "nginx")["user"] == "101:101"


def test_yamllint_reports_nothing() -> None:
    """Checks compose.yaml; test_manifests.py checks the files in deploy/."""
    rules = str(ROOT / "deploy" / ".yamllint")
    lint = [sys.executable, "-m", "yamllint", "--strict", "-c", rules, str(ROOT / "compose.yaml")]

    done = subprocess.run(lint, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("file", ["plain.conf", "tls.conf"])
def test_gixy_reports_nothing(file: str) -> None:
    assert gixy(CONFIGURATION / file) == (0, b"[]")


def test_gixy_detects_a_known_problem(tmp_path: Path) -> None:
    wrong = tmp_path / "nginx.conf"
    wrong.write_text("events {} http { server_tokens on; }")

    assert gixy(wrong)[0] == 1


def gixy(file: Path) -> tuple[int, bytes]:
    """Run gixy and return its exit status and its findings.

    It would have $host passed on instead of $http_host. That has no port, which forms need, and is
    chosen by clients as well, because the servers have no names.
    """
    command = [str(Path(sys.executable).parent / "gixy"), "--skips", "host_spoofing"]
    done = subprocess.run(
        [*command, "--format", "json", str(file)], check=False, capture_output=True
    )
    assert done.stderr == b""
    return done.returncode, done.stdout.strip()

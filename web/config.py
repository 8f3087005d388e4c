"""Settings, read from the environment (or `.env`) and validated at startup."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, get_type_hints
from urllib.parse import unquote, urlsplit

from movr import cities
from movr.database import embedded
from movr.database.engine import parse_uri
from web import cpus, email_addresses

SMTP_PORTS: Final = {"smtp": 587, "smtps": 465}  # of submission: RFC 6409 and RFC 8314
MIN_SECRET_LENGTH: Final = 16  # characters
DEVELOPMENT_SECRET: Final = "for development on a laptop only"  # noqa: S105 - refused elsewhere
# Placeholders of .env.example and of common tutorials.
KNOWN_SECRETS: Final = (
    DEVELOPMENT_SECRET,
    "change-me-to-a-long-random-text",
    "the quick brown fox",
    "you-will-never-guess",
)

NO_CONTACT: Final = "open-data@movr.example"  # the default, which has no reader

# The command that installs the packages of `make run`, in a clone that has production's only.
LAPTOP_PACKAGES: Final = "pipenv sync --categories laptop"

# With one worker, hashing a password would delay all other requests.
MIN_WORKERS: Final = 2
MAX_WORKERS: Final = 8


def workers_for_this_machine() -> int:
    """Return one worker per processor, limited because each holds database connections."""
    return max(MIN_WORKERS, min(MAX_WORKERS, cpus.available_cpus()))


class SettingsError(Exception):
    """The environment is invalid; the message names each invalid setting."""


class MailServer(NamedTuple):
    """An SMTP server, with credentials if it requires them."""

    host: str
    port: int
    is_tls: bool
    user: str = ""
    password: str = ""


def _boolean(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in words:
        raise ValueError("must be 1 or 0")
    return words[text.lower()]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _uri(text: str) -> str:
    parse_uri(text)
    return text


def _mail_server(text: str) -> MailServer:
    message = "must be smtp://user:password@host:port, or smtps://…"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(message) from None
    if parts.scheme not in SMTP_PORTS or not parts.hostname or parts.path.strip("/"):
        raise ValueError(message)
    return MailServer(
        parts.hostname,
        port or SMTP_PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _redis(text: str) -> str:
    from redis import ConnectionPool  # noqa: PLC0415 - it imports OpenTelemetry if that is there

    message = "must be redis:// or rediss:// (TLS), a host and a port (Valkey's, too)"
    try:
        ConnectionPool.from_url(text)
    except ValueError:
        raise ValueError(message) from None
    if not urlsplit(text).hostname:
        raise ValueError(message)
    return text


def _email(convert: Callable[[str], str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        try:
            return convert(text)
        except ValueError as error:
            reason = str(error).rstrip(".")
            raise ValueError(f"must be an email address ({reason})") from None

    return parse


def _site_url(text: str) -> str:
    parts = urlsplit(text)
    if not (re.fullmatch(r"https?", parts.scheme) and parts.netloc) or parts.path.strip("/"):
        raise ValueError("must be https:// and a host")
    return text.rstrip("/")


def _origins(text: str) -> tuple[str, ...]:
    try:
        return tuple(_site_url(origin) for origin in text.split())
    except ValueError:
        raise ValueError("must be https:// and a host, of each site") from None


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not (is_number and least <= int(text) <= most):
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return parse


def _sqlite_file(path: str) -> str:
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")  # requires write access
    except sqlite3.Error:
        raise ValueError("must be the path of a file that can be written") from None
    return path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a deployment, each read from the upper-case variable of the same name.

    A function in an annotation parses the variable's text; without one, the text is the value.
    NAME_FILE may name a file that contains the value of NAME, for secrets mounted as files.
    An empty `db_uri` means the embedded PostgreSQL, an empty `region` a single-region deployment.
    """

    db_uri: Annotated[str, _uri] = ""
    secret_key: str = DEVELOPMENT_SECRET
    secret_key_fallbacks: Annotated[tuple[str, ...], _lines] = ()
    debug: Annotated[bool, _boolean] = False
    region: Annotated[str, _one_of(*cities.REGIONS)] = ""
    city_header: str = "X-City"
    proxy_hops: Annotated[int, _whole_number(0, 10)] = 0
    port: Annotated[int, _whole_number(1, 65535)] = 8000
    pool_size: Annotated[int, _whole_number(1, 1000)] = 5
    page_size: Annotated[int, _whole_number(1, 500)] = 30
    writes_per_minute: Annotated[int, _whole_number(1, 1_000_000)] = 120
    rate_limit_file: Annotated[str, _sqlite_file] = ":memory:"  # SQLite's in-memory database
    rate_limit_uri: Annotated[str, _redis] = ""
    log_format: Annotated[str, _one_of("text", "json")] = "text"
    workers: Annotated[int, _whole_number(1, 256)] = field(default_factory=workers_for_this_machine)
    threads: Annotated[int, _whole_number(1, 256)] = 4
    drain_seconds: Annotated[int, _whole_number(0, 600)] = 0
    drain_file: str = ""
    contact_email: Annotated[str, _email(email_addresses.to_ascii)] = NO_CONTACT
    geocoder: Annotated[str, _one_of("none", "nominatim", "google")] = "none"
    api_key: str = ""
    mail_uri: Annotated[MailServer | None, _mail_server] = None
    mail_from: Annotated[str, _email(email_addresses.to_header)] = ""
    site_url: Annotated[str, _site_url] = ""
    payments: Annotated[str, _one_of("fake")] = ""
    api_origins: Annotated[tuple[str, ...], _origins] = ()

    @property
    def signing_keys(self) -> list[str]:
        """All accepted keys in the order of itsdangerous: the last one signs."""
        return [*self.secret_key_fallbacks, self.secret_key]

    def cookie_name(self, name: str) -> str:
        """Return the name of a cookie, which only this host can set over https in production."""
        return name if self.debug else f"__Host-{name}"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of this environment. Raises SettingsError, naming all invalid ones."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        parse, *_ = getattr(hint, "__metadata__", (str,))
        try:
            if text := _value(environment, name).strip():
                values[name] = parse(text)
        except ValueError as error:
            problems[name.upper()] = str(error)
    settings = Settings(**values)
    for variable, problem in _unmet_requirements(settings):
        problems.setdefault(variable, problem)
    if problems:
        sentences = [f"{variable} {problem}." for variable, problem in problems.items()]
        raise SettingsError(f"MovR cannot start: {' '.join(sentences)}")
    return settings


def _value(environment: Mapping[str, str], name: str) -> str:
    """Return the text of a setting; DATABASE_URL, common on hosting platforms, replaces DB_URI.

    Raises ValueError if the file that NAME_FILE names cannot be read.
    """
    variable = name.upper()
    if text := environment.get(variable, ""):
        return text
    if path := environment.get(f"{variable}_FILE", ""):
        try:
            return Path(path).read_text()
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"cannot be read from the file that {variable}_FILE names") from None
    return environment.get("DATABASE_URL", "") if name == "db_uri" else ""


def _unmet_requirements(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each setting that production or another setting requires, and what is wrong with it."""
    if not (settings.debug or settings.db_uri):
        yield "DB_URI", "is missing (MovR has an embedded database only with DEBUG=1)"
    elif not (settings.db_uri or embedded.is_installed()):
        yield "DB_URI", f"is missing (or install an embedded database: {LAPTOP_PACKAGES})"
    if not settings.debug and settings.secret_key == DEVELOPMENT_SECRET:
        yield "SECRET_KEY", "is missing (a long random text that signs the sessions)"
    elif not settings.debug and _is_weak(settings.secret_key):
        yield "SECRET_KEY", f"is known or shorter than {MIN_SECRET_LENGTH} characters"
    if not settings.debug and any(map(_is_weak, settings.secret_key_fallbacks)):
        yield (
            "SECRET_KEY_FALLBACKS",
            f"has a known key, or one below {MIN_SECRET_LENGTH} characters",
        )
    if settings.geocoder == "google" and not settings.api_key:
        yield "API_KEY", "is missing (GEOCODER=google needs it)"
    if settings.mail_uri and not settings.mail_from:
        yield "MAIL_FROM", "is missing (the sender of mail by MAIL_URI)"
    if settings.mail_uri and not (settings.site_url or settings.debug):
        yield "SITE_URL", "is missing (the address of MovR in mail by MAIL_URI)"
    if settings.payments == "fake" and not settings.debug:
        yield "PAYMENTS", "must be empty (the gateway fake, for development, collects no money)"


def _is_weak(secret: str) -> bool:
    return secret in KNOWN_SECRETS or len(secret) < MIN_SECRET_LENGTH

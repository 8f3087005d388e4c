"""Settings, read from the environment (or `.env`) and validated at startup."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from movr import cities
from movr.database.engine import parse_uri
from movr.formats import EMAIL_LENGTH, EMAIL_PATTERN
from web import cpus

SMTP_PORT: Final = 587  # of submission, RFC 6409
SMTPS_PORT: Final = 465  # RFC 8314
MIN_SECRET_LENGTH: Final = 16  # characters
DEVELOPMENT_SECRET: Final = "for development on a laptop only"  # noqa: S105 - refused elsewhere
# Placeholders of .env.example and of common tutorials.
KNOWN_SECRETS: Final = frozenset(
    {
        DEVELOPMENT_SECRET,
        "change-me-to-a-long-random-text",
        "the quick brown fox",
        "you-will-never-guess",
    }
)


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


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a deployment, each read from the upper-case variable of the same name.

    NAME_FILE may name a file that contains the value of NAME, for secrets mounted as files.
    An empty `db_uri` means the embedded PostgreSQL, an empty `region` a single-region deployment.
    """

    db_uri: str = ""
    secret_key: str = DEVELOPMENT_SECRET
    debug: bool = False
    region: str = ""
    city_header: str = "X-City"
    proxy_hops: int = 0
    port: int = 8000
    pool_size: int = 5
    page_size: int = 30
    writes_per_minute: int = 120
    rate_limit_file: str = ":memory:"  # SQLite's name for an in-memory database
    log_format: str = "text"
    workers: int = field(default_factory=workers_for_this_machine)
    threads: int = 4
    drain_seconds: int = 0
    drain_file: str = ""
    contact_email: str = "open-data@movr.example"
    geocoder: str = "none"
    api_key: str = ""
    mail_uri: MailServer | None = None
    mail_from: str = ""
    site_url: str = ""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of this environment. Raises SettingsError, naming all invalid ones."""
    values: dict[str, Any] = {}
    problems = []
    for name, parse in _PARSERS.items():
        try:
            if text := _value(environment, name).strip():
                values[name] = parse(text)
        except ValueError as error:
            problems.append(f"{name.upper()} {error}.")
    settings = Settings(**values)
    problems.extend(_production_problems(settings, problems))
    if settings.geocoder == "google" and not settings.api_key:
        problems.append("API_KEY is missing (GEOCODER=google needs it).")
    problems.extend(_mail_problems(settings, problems))
    if problems:
        raise SettingsError(f"MovR cannot start: {' '.join(problems)}")
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


def _production_problems(settings: Settings, problems: list[str]) -> Iterator[str]:
    if settings.debug:
        return
    if not settings.db_uri and not any(problem.startswith("DB_URI") for problem in problems):
        yield "DB_URI is missing (MovR has an embedded database only with DEBUG=1)."
    if settings.secret_key == DEVELOPMENT_SECRET:
        yield "SECRET_KEY is missing (a long random text that signs the sessions)."
    elif settings.secret_key in KNOWN_SECRETS or len(settings.secret_key) < MIN_SECRET_LENGTH:
        yield f"SECRET_KEY is known or shorter than {MIN_SECRET_LENGTH} characters."


def _mail_problems(settings: Settings, problems: list[str]) -> Iterator[str]:
    if not settings.mail_uri:
        return
    known = {problem.partition(" ")[0] for problem in problems}
    if not settings.mail_from and "MAIL_FROM" not in known:
        yield "MAIL_FROM is missing (the sender of mail by MAIL_URI)."
    if not (settings.site_url or settings.debug) and "SITE_URL" not in known:
        yield "SITE_URL is missing (the address of MovR in mail by MAIL_URI)."


def _boolean(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in words:
        message = "must be 1 or 0"
        raise ValueError(message)
    return words[text.lower()]


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
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError(message)
    is_tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(
        parts.hostname, port or (SMTPS_PORT if is_tls else SMTP_PORT), is_tls, user, password
    )


def _mail_address(text: str) -> str:
    if not (text.isascii() and re.fullmatch(EMAIL_PATTERN, parseaddr(text)[1])):
        message = "must be an email address"
        raise ValueError(message)
    return text


def _site_url(text: str) -> str:
    parts = urlsplit(text)
    if not (re.fullmatch(r"https?", parts.scheme) and parts.netloc) or parts.path.strip("/"):
        message = "must be https:// and a host"
        raise ValueError(message)
    return text.rstrip("/")


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not (is_number and least <= int(text) <= most):
            message = f"must be a whole number from {least} to {most}"
            raise ValueError(message)
        return int(text)

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return parse


def _email(text: str) -> str:
    if len(text) > EMAIL_LENGTH or not re.fullmatch(EMAIL_PATTERN, text):
        message = "must be an email address"
        raise ValueError(message)
    return text


def _sqlite_file(path: str) -> str:
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")  # requires write access
    except sqlite3.Error:
        raise ValueError("must be the path of a file that can be written") from None
    return path


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "db_uri": _uri,
    "secret_key": str,
    "debug": _boolean,
    "region": _one_of(*cities.REGIONS),
    "city_header": str,
    "proxy_hops": _whole_number(0, 10),
    "port": _whole_number(1, 65535),
    "pool_size": _whole_number(1, 1000),
    "page_size": _whole_number(1, 500),
    "writes_per_minute": _whole_number(1, 1_000_000),
    "log_format": _one_of("text", "json"),
    "workers": _whole_number(1, 256),
    "threads": _whole_number(1, 256),
    "rate_limit_file": _sqlite_file,
    "drain_seconds": _whole_number(0, 600),
    "drain_file": str,
    "contact_email": _email,
    "geocoder": _one_of("none", "nominatim", "google"),
    "api_key": str,
    "mail_uri": _mail_server,
    "mail_from": _mail_address,
    "site_url": _site_url,
}

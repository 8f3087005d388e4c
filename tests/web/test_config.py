"""Settings: valid and invalid values, and error messages without secrets."""

import os
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.conftest import ROOT
from web import cpus
from web.config import DEVELOPMENT_SECRET, KNOWN_SECRETS, SettingsError, read_settings

SECRET = "eleven dogs sing under the pier"
OLDER, OLDEST = "ten cats dance over the bridge", "nine bats read under the tower"
URI = "postgresql://movr:hunter2@db.example.com:5432/movr"
PRODUCTION = {"DB_URI": URI, "SECRET_KEY": SECRET}

WRONG = {
    "DB_URI": "mysql://movr:hunter2@db.example.com/movr",
    "SECRET_KEY": "tooshort",
    "DEBUG": "perhaps",
    "REGION": "gcp-moon-north1",
    "PROXY_HOPS": "-1",
    "PORT": "65536",
    "POOL_SIZE": "0",
    "PAGE_SIZE": "many",
    "WRITES_PER_MINUTE": "0.5",
    "RATE_LIMIT_FILE": "/no/such/folder/attempts",
    "DRAIN_SECONDS": "soon",
    "MAIL_URI": "http://movr:hunter2@mail.example.com",
    "MAIL_FROM": "nobody",
    "SITE_URL": "movr.example.com",
    "API_ORIGINS": "https://app.example.com *",
    "PAYMENTS": "cash",
}


def complaint(**environment: str) -> str:
    """Return the error message for an invalid environment."""
    with pytest.raises(SettingsError) as refused:
        read_settings(environment)
    return str(refused.value)


def test_development_requires_debug_only() -> None:
    settings = read_settings({"DEBUG": "1"})

    assert settings.debug
    assert (settings.db_uri, settings.secret_key) == ("", DEVELOPMENT_SECRET)
    assert (settings.port, settings.region, settings.city_header) == (8000, "", "X-City")
    assert (settings.proxy_hops, settings.pool_size, settings.page_size) == (0, 5, 30)
    assert (settings.writes_per_minute, settings.rate_limit_file) == (120, ":memory:")


def test_production_needs_a_database_and_a_secret() -> None:
    settings = read_settings(PRODUCTION)

    assert (settings.db_uri, settings.secret_key, settings.debug) == (URI, SECRET, False)


def test_every_setting_is_read_from_its_variable() -> None:
    settings = read_settings(
        {
            **PRODUCTION,
            "REGION": "gcp-us-west1",
            "CITY_HEADER": "X-Where",
            "PROXY_HOPS": "2",
            "PORT": "80",
            "POOL_SIZE": "7",
            "PAGE_SIZE": "12",
            "WRITES_PER_MINUTE": "9",
            "RATE_LIMIT_FILE": ":memory:",
            "RATE_LIMIT_URI": "rediss://:secret@valkey.example.com:6380/1",
            "DRAIN_SECONDS": "20",
            "API_ORIGINS": "https://app.example.com http://127.0.0.1:3000/",
        }
    )

    assert (settings.region, settings.city_header) == ("gcp-us-west1", "X-Where")
    assert (settings.proxy_hops, settings.port) == (2, 80)
    assert (settings.pool_size, settings.page_size, settings.writes_per_minute) == (7, 12, 9)
    assert settings.rate_limit_uri == "rediss://:secret@valkey.example.com:6380/1"
    assert settings.drain_seconds == 20
    assert settings.api_origins == ("https://app.example.com", "http://127.0.0.1:3000")


@pytest.mark.parametrize(
    "uri",
    [
        *("localhost", "http://localhost", "memory://", "unix:///run/redis", "redis://"),
        *("redis://host:port", "redis://:secret@host:1:2", "redis://[host", "redis:///0"),
    ],
)
def test_an_invalid_rate_limit_uri_is_refused(uri: str) -> None:
    message = complaint(**{**PRODUCTION, "RATE_LIMIT_URI": uri})

    assert "RATE_LIMIT_URI must be redis://" in message
    assert "secret" not in message


MAIL = {
    "MAIL_URI": "smtp://movr:p%40ss@mail.example.com",
    "MAIL_FROM": "MovR <movr@example.com>",
    "SITE_URL": "https://movr.example.com/",
}


def test_the_mail_server_is_parsed_from_mail_uri() -> None:
    settings = read_settings({**PRODUCTION, **MAIL})
    by_tls = read_settings({**PRODUCTION, **MAIL, "MAIL_URI": "smtps://mail.example.com"})

    assert settings.mail_uri == ("mail.example.com", 587, False, "movr", "p@ss")
    assert by_tls.mail_uri == ("mail.example.com", 465, True, "", "")
    assert settings.site_url == "https://movr.example.com"


def test_the_fake_gateway_of_payments_is_refused_in_production() -> None:
    assert read_settings({"DEBUG": "1", "PAYMENTS": "fake"}).payments == "fake"

    assert "PAYMENTS must be empty" in complaint(**PRODUCTION, PAYMENTS="fake")


@pytest.mark.parametrize("missing", ["MAIL_FROM", "SITE_URL"])
def test_mail_requires_a_sender_and_a_site_url(missing: str) -> None:
    message = complaint(**{**PRODUCTION, **MAIL, missing: ""})

    assert f"{missing} is missing" in message
    assert "p@ss" not in message


@pytest.mark.parametrize("uri", ["smtp://", "smtp://mail:x", "mail.example.com", "smtp://m/path"])
def test_an_invalid_mail_uri_is_refused(uri: str) -> None:
    assert "MAIL_URI must be smtp://" in complaint(**{**PRODUCTION, **MAIL, "MAIL_URI": uri})


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "uri").write_text(f"{URI}\n")
    (tmp_path / "key").write_text(f"{SECRET}\n")

    settings = read_settings(
        {"DB_URI_FILE": str(tmp_path / "uri"), "SECRET_KEY_FILE": str(tmp_path / "key")}
    )

    assert (settings.db_uri, settings.secret_key) == (URI, SECRET)


def test_a_variable_overrides_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of the file, which is not read")

    settings = read_settings({**PRODUCTION, "SECRET_KEY_FILE": str(tmp_path / "key")})

    assert settings.secret_key == SECRET


def test_a_missing_file_is_reported_with_its_setting() -> None:
    message = complaint(DB_URI=URI, SECRET_KEY_FILE="/no/such/secret")

    assert "SECRET_KEY cannot be read from the file that SECRET_KEY_FILE names." in message


@pytest.mark.parametrize(
    ("limit", "processors"),
    [("50000 100000", 1), ("150000 100000", 2), ("max 100000", None), (None, None)],
)
def test_the_number_of_processors_is_limited_by_cgroup(
    tmp_path: Path, limit: str | None, processors: int | None
) -> None:
    """cgroup v2 has a quota and a period in microseconds."""
    if limit:
        (tmp_path / "cpu.max").write_text(f"{limit}\n")
    machine = len(os.sched_getaffinity(0))

    expected = machine if processors is None else min(machine, processors)
    assert cpus.available_cpus(tmp_path / "cpu.max") == expected


def test_one_message_names_both_things_that_production_lacks() -> None:
    message = complaint()

    assert message.startswith("MovR cannot start: ")
    assert "DB_URI is missing" in message
    assert "SECRET_KEY is missing" in message
    assert "\n" not in message


def test_one_message_names_every_wrong_value() -> None:
    message = complaint(**WRONG)

    assert {name for name in WRONG if message.count(f"{name} ") == 1} == set(WRONG)
    assert "missing" not in message


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_value_is_reported_alone(name: str) -> None:
    message = complaint(**{**PRODUCTION, name: WRONG[name]})

    assert {other for other in WRONG if other in message} == {name}


@pytest.mark.parametrize("name", sorted(set(WRONG) - {"SECRET_KEY"}))
def test_an_invalid_value_is_refused_in_development_too(name: str) -> None:
    assert name in complaint(**{"DEBUG": "1", name: WRONG[name]})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "0"),
        ("PORT", "+80"),
        ("PORT", "8_000"),
        ("PORT", "\uff18\uff10\uff10\uff10"),
        ("PORT", "8000.0"),
        ("PROXY_HOPS", "11"),
        ("DEBUG", "2"),
        ("DEBUG", "on"),
        ("REGION", "GCP-US-EAST1"),
    ],
)
def test_numbers_switches_and_regions_are_read_strictly(name: str, text: str) -> None:
    assert complaint(**PRODUCTION, **{name: text}).startswith(f"MovR cannot start: {name} must ")


def test_a_number_of_any_length_is_refused_with_our_message() -> None:
    assert "PORT must be a whole number" in complaint(DEBUG="1", PORT="1" * 5000)


@pytest.mark.parametrize(
    ("text", "debug"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("False", False), ("no", False)],
)
def test_debug_is_a_switch(text: str, *, debug: bool) -> None:
    assert read_settings({**PRODUCTION, "DEBUG": text}).debug is debug


def test_an_empty_variable_counts_as_unset() -> None:
    blank = dict.fromkeys([*WRONG, "CITY_HEADER", "DATABASE_URL"], " ")

    assert read_settings({**blank, "DEBUG": "1"}) == read_settings({"DEBUG": "1"})
    assert complaint(**blank) == complaint()


def test_spaces_around_a_value_do_not_matter() -> None:
    settings = read_settings({"DB_URI": f" {URI}\n", "SECRET_KEY": f"{SECRET} ", "PORT": " 80 "})

    assert (settings.db_uri, settings.secret_key, settings.port) == (URI, SECRET, 80)


@pytest.mark.parametrize("secret", sorted(KNOWN_SECRETS))
def test_a_known_secret_is_refused(secret: str) -> None:
    assert "SECRET_KEY" in complaint(DB_URI=URI, SECRET_KEY=secret)


def test_a_secret_has_sixteen_characters_or_more() -> None:
    assert "shorter than 16" in complaint(DB_URI=URI, SECRET_KEY="q8#vL2!zR5@kX1w")
    assert read_settings({"DB_URI": URI, "SECRET_KEY": "q8#vL2!zR5@kX1w$"}).secret_key


def test_older_secrets_are_lines_of_a_setting_or_of_its_file(tmp_path: Path) -> None:
    lines = f"\n{OLDER}\n  {OLDEST} \n\n"
    (tmp_path / "keys").write_text(lines)

    by_variable = read_settings({**PRODUCTION, "SECRET_KEY_FALLBACKS": lines})
    by_file = read_settings({**PRODUCTION, "SECRET_KEY_FALLBACKS_FILE": str(tmp_path / "keys")})

    assert by_variable == by_file
    assert by_variable.secret_key_fallbacks == (OLDER, OLDEST)
    assert by_variable.signing_keys[-1] == SECRET


@pytest.mark.parametrize("weak", ["tooshort", *sorted(KNOWN_SECRETS)])
def test_an_older_secret_that_is_known_or_short_is_refused(weak: str) -> None:
    message = complaint(**PRODUCTION, SECRET_KEY_FALLBACKS=f"{OLDER}\n{weak}")

    assert message.startswith("MovR cannot start: SECRET_KEY_FALLBACKS has a known key")
    assert weak not in message
    assert OLDER not in message


def test_the_example_does_not_start_until_it_is_filled_in() -> None:
    example = {name: text or "" for name, text in dotenv_values(ROOT / ".env.example").items()}

    assert "SECRET_KEY is known" in complaint(**example)
    assert read_settings({**example, "SECRET_KEY": SECRET}).debug is False


def test_database_url_replaces_db_uri() -> None:
    settings = read_settings({"DATABASE_URL": URI, "SECRET_KEY": SECRET})

    assert settings.db_uri == URI


def test_db_uri_overrides_database_url() -> None:
    settings = read_settings({**PRODUCTION, "DATABASE_URL": "postgresql://elsewhere/db"})

    assert settings.db_uri == URI


def test_a_wrong_database_url_is_refused_without_its_password() -> None:
    message = complaint(DATABASE_URL=WRONG["DB_URI"], SECRET_KEY=SECRET)

    assert "DB_URI must look like postgresql://" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "uri",
    [
        "postgres://movr:pw@host/movr",
        "postgresql://movr:pw@host:5432/movr?sslmode=verify-full",
        "postgresql+psycopg2://movr:pw@host/movr",
        "postgresql:///movr?host=/var/run/postgresql",
        "cockroachdb://root@localhost:26257/movr?sslmode=disable",
    ],
)
def test_postgresql_and_cockroachdb_uris_are_accepted(uri: str) -> None:
    assert read_settings({"DB_URI": uri, "SECRET_KEY": SECRET}).db_uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "mysql://movr:hunter2@host/movr",
        "sqlite:///hunter2",
        "http://movr:hunter2@host/movr",
        "hunter2",
        "://movr:hunter2@host",
        "postgresql:movr:hunter2@host",
        "postgresql://movr:hunter2@host:port/movr",
        "postgresql://movr:hunter2@[::1/movr",
    ],
)
def test_other_uris_are_refused_without_repeating_the_password(uri: str) -> None:
    message = complaint(DB_URI=uri, SECRET_KEY=SECRET)

    assert "DB_URI must look like postgresql://user:password@host:port/database" in message
    assert message.count("DB_URI") == 1
    assert "hunter2" not in message
    assert SECRET not in message


def test_the_message_never_repeats_a_secret() -> None:
    message = complaint(**WRONG)

    assert "hunter2" not in message
    assert WRONG["SECRET_KEY"] not in message


@pytest.mark.parametrize("path", ["/no/such/folder/attempts.sqlite3", "/"])
def test_an_unwritable_rate_limit_file_is_reported(path: str) -> None:
    assert "RATE_LIMIT_FILE" in complaint(**PRODUCTION, RATE_LIMIT_FILE=path)

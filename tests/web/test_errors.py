"""Error pages: the site's layout, one sentence, no secrets."""

import inspect
import logging
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus

import httpx
import pytest
from babel.messages.extract import extract_from_file
from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from werkzeug.exceptions import ImATeapot

from movr import errors
from movr.errors import Refusal
from tests.conftest import HERE, NewVisitor, free_port, settings_for, visiting
from tests.databases import fresh_database
from tests.visitor import PASSWORD, Visitor, registration, sentences
from tests.web.security.test_response_headers import UNKNOWN_ID
from web.api.v1 import problems
from web.app import create_app
from web.config import Settings
from web.errors import API_STATUSES, RESPONSES, api_status

MARKER = "hunter2-in-a-traceback"
INSIDES = ("Traceback", 'File "', "sqlalchemy", "psycopg", "SELECT ", "INSERT ", "werkzeug", MARKER)
RETRY_AFTER = {HTTPStatus.SERVICE_UNAVAILABLE: "5", HTTPStatus.TOO_MANY_REQUESTS: "60"}


def all_refusals() -> set[type[Refusal]]:
    """Return all subclasses of a refusal, recursively."""
    found, left = set[type[Refusal]](), [Refusal]
    while left:
        kinds = left.pop().__subclasses__()
        found.update(kinds)
        left.extend(kinds)
    return {kind for kind in found if kind.__module__.split(".")[0] in {"movr", "web"}}


def assert_is_error_page(reply: httpx.Response, status: int) -> str:
    """Assert that this is an error page with the site's layout, and return its sentence."""
    assert (reply.status_code, reply.headers["Content-Type"]) == (
        status,
        "text/html; charset=utf-8",
    )
    assert '<header class="top">' in reply.text
    assert re.search(r'href="/static/[0-9a-f]+/css/movr.css"', reply.text)
    assert "City: " in reply.text
    assert [inside for inside in INSIDES if inside in reply.text] == []
    (sentence,) = re.findall(r'<p class="lead">([^<]*)</p>', reply.text)
    assert re.fullmatch(r"[A-Z].+\.", sentence)
    return str(sentence)


# Refusals


def test_every_refusal_has_a_response() -> None:
    assert set(RESPONSES) == all_refusals()
    assert len(RESPONSES) >= 17


@pytest.mark.parametrize("refusal", RESPONSES, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_different_sentence(refusal: type[Refusal]) -> None:
    others = {kind.sentence for kind in (all_refusals() | {Refusal}) - {refusal}}

    assert "sentence" in vars(refusal)
    assert refusal.sentence not in others
    assert re.fullmatch(r"[A-Z].+[.]", refusal.sentence)
    assert str(refusal()) == refusal.sentence


def test_every_sentence_of_a_refusal_is_marked_for_translation() -> None:
    """Programs that read MDS read English."""
    kinds = [kind for kind in RESPONSES if not kind.__module__.startswith("web.api.mds")]
    files = {inspect.getfile(kind) for kind in kinds}
    marks = {"gettext_noop": None, "ngettext_noop": (1, 2)}
    found = [text for file in files for _, text, *_ in extract_from_file("python", file, marks)]
    messages = [kind().message() for kind in kinds] + [errors.NoParking("Quay").message()]

    assert [
        message
        for message in messages
        if ((message.text, message.plural) if message.plural else message.text) not in found
    ] == []


def raising(app: Flask, what: Callable[[], BaseException]) -> Flask:
    """Add a view that fails to the app."""

    @app.get("/fail")
    def fail() -> ResponseReturnValue:
        raise what()

    return app


@pytest.fixture(scope="module")
def new_refused_visitor(database: str) -> Iterator[NewVisitor]:
    """Create visitors of an app where /fail/<name> raises the refusal of this name."""
    refusals = {kind.__name__: kind for kind in RESPONSES}
    app = create_app(settings_for(database))

    @app.get("/fail/<name>")
    @app.get("/api/v1/fail/<name>", endpoint="api_fail")
    def fail(name: str) -> ResponseReturnValue:
        raise refusals[name]

    with visiting(app) as new:
        yield new


@pytest.mark.parametrize("refusal", RESPONSES, ids=lambda kind: kind.__name__)
def test_a_refusal_gets_the_response_of_the_table(
    new_refused_visitor: NewVisitor,
    engine: Engine,  # noqa: ARG001 - emptied
    refusal: type[Refusal],
) -> None:
    answer = RESPONSES[refusal]
    visitor = new_refused_visitor().register()

    reply = visitor.get(f"/fail/{refusal.__name__}")

    if isinstance(answer, HTTPStatus):
        assert assert_is_error_page(reply, answer) == refusal.sentence
        assert reply.headers.get("Retry-After") == RETRY_AFTER.get(answer)
    else:
        assert refusal.sentence in visitor.follow(reply)


@pytest.mark.parametrize("refusal", RESPONSES, ids=lambda kind: kind.__name__)
def test_a_refusal_is_a_problem_in_the_api(
    new_refused_visitor: NewVisitor, refusal: type[Refusal]
) -> None:
    """The title is the sentence of the kind, and the type leads to it on a page."""
    visitor = new_refused_visitor()

    reply = visitor.get(f"/api/v1/fail/{refusal.__name__}")

    status, problem = api_status(refusal), reply.json()
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, problems.MIMETYPE)
    assert problem["status"] == status
    assert problem["title"] == problem["detail"] == refusal.sentence
    page, _, anchor = problem["type"].partition("#")
    assert f'<dt id="{anchor}">' in visitor.get(page).text
    assert ("Retry-After" in reply.headers) == (status in RETRY_AFTER)
    assert ("WWW-Authenticate" in reply.headers) == (status == HTTPStatus.UNAUTHORIZED)
    assert "Set-Cookie" not in reply.headers


def test_a_problem_is_in_the_language_that_the_program_accepts(visitor: Visitor) -> None:
    reply = visitor.get("/api/v1/nowhere", headers={"Accept-Language": "fr-CA, en;q=0.5"})

    assert reply.headers["Content-Language"] == "fr"
    assert "Accept-Language" in reply.headers["Vary"]
    assert reply.json()["detail"].endswith("pas trouvé cette page.")


def test_statuses_of_the_api_are_of_refusals_for_which_pages_redirect() -> None:
    assert [kind for kind in API_STATUSES if isinstance(RESPONSES[kind], HTTPStatus)] == []


def test_some_refusals_ask_to_come_back_later() -> None:
    assert RETRY_AFTER.keys() <= set(RESPONSES.values())


# Invalid requests


def test_an_unknown_path_is_a_404_page(visitor: Visitor) -> None:
    assert_is_error_page(visitor.get("/nowhere"), 404)


@pytest.mark.parametrize("path", ["/vehicles?after=x", "/users/1", "/static/x", "/rides?after=~"])
def test_a_malformed_parameter_is_a_404_page(visitor: Visitor, path: str) -> None:
    visitor.register()

    assert_is_error_page(visitor.get(path), 404)


def test_another_member_s_page_is_forbidden(visitor: Visitor) -> None:
    sentence = assert_is_error_page(visitor.register().get(f"/users/{UNKNOWN_ID}"), 403)

    assert sentence == "This page belongs to another member."


def test_a_method_that_a_url_does_not_have_is_a_405_with_the_allowed_ones(
    visitor: Visitor,
) -> None:
    reply = visitor.client.put("/logout")

    assert_is_error_page(reply, 405)
    assert {"POST", "OPTIONS"} == set(reply.headers["Allow"].split(", "))


def test_a_too_large_form_is_a_413_page(visitor: Visitor) -> None:
    assert_is_error_page(visitor.post("/register", first_name="x" * 70_000), 413)


def test_a_form_without_its_token_is_a_400_page(visitor: Visitor) -> None:
    assert "expired" in assert_is_error_page(visitor.client.post("/login"), 400)


def test_too_many_attempts_are_a_429_page(database: str, engine: Engine) -> None:  # noqa: ARG001 - emptied
    settings = replace(settings_for(database), writes_per_minute=1)
    with visiting(create_app(settings)) as new:
        visitor = new().register()
        visitor.post("/city/paris")

        assert_is_error_page(visitor.post("/city/rome"), 429)


def test_the_link_of_an_error_page_works(visitor: Visitor) -> None:
    found = re.search(r'btn-primary" href="([^"]+)"', visitor.get("/nowhere").text)

    assert found
    assert visitor.get(found[1]).status_code == 200


def test_the_requested_path_is_not_repeated_as_markup(visitor: Visitor) -> None:
    reply = visitor.get("/%3Cscript%3Ealert(1)%3C/script%3E")

    assert_is_error_page(reply, 404)
    assert "<script>alert" not in reply.text


# Unexpected errors


@pytest.mark.parametrize("debug", [True, False])
def test_an_unexpected_error_shows_a_sentence_and_logs_a_traceback(
    database: str, caplog: pytest.LogCaptureFixture, *, debug: bool
) -> None:
    settings = replace(settings_for(database), debug=debug, secret_key=MARKER)
    app = raising(create_app(settings), lambda: RuntimeError(MARKER))
    with visiting(app) as new, caplog.at_level(logging.ERROR):
        reply = new().get("/fail")

    assert_is_error_page(reply, 500)
    noted = [record for record in caplog.records if record.exc_info]
    assert [str(record.exc_info[1]) for record in noted if record.exc_info] == [MARKER]


def test_a_database_without_tables_shows_no_sql(server: str) -> None:
    """The database is not migrated."""
    with fresh_database(server) as uri, visiting(create_app(settings_for(uri))) as new:
        visitor = new()

        assert_is_error_page(visitor.get("/"), 503)
        assert_is_error_page(visitor.post("/register", **registration()), 503)


def test_an_unexpected_error_on_one_page_does_not_affect_others(database: str) -> None:
    app = raising(create_app(settings_for(database)), lambda: ZeroDivisionError(MARKER))
    with visiting(app) as new:
        visitor = new()

        statuses = [visitor.get(path).status_code for path in ("/fail", "/vehicles", "/healthz")]

    assert statuses == [500, 200, 200]


def test_any_aborted_status_has_a_sentence(database: str) -> None:
    app = raising(create_app(settings_for(database)), lambda: ImATeapot(MARKER))
    with visiting(app) as new:
        reply = new().get("/fail")

    assert reply.status_code == 418
    assert MARKER not in reply.text
    assert '<header class="top">' in reply.text


# No database


@pytest.fixture(params=[True, False], ids=["laptop", "production"])
def stranded(request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A visitor of MovR whose database is unavailable."""
    uri = f"postgresql://movr:{MARKER}@127.0.0.1:{free_port()}/movr"
    settings = Settings(db_uri=uri, debug=request.param, secret_key="eleven dogs sing")
    base_url = HERE if request.param else HERE.replace("http:", "https:")
    with visiting(create_app(settings), base_url) as new:
        yield new()


def referred(visitor: Visitor) -> dict[str, str]:
    return {"Referer": f"{visitor.client.base_url}/login"}


def assert_is_away(reply: httpx.Response) -> None:
    assert_is_error_page(reply, 503)
    assert int(reply.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("path", ["/", "/home", "/vehicles"])
def test_a_page_without_a_database_is_a_503(stranded: Visitor, path: str) -> None:
    assert_is_away(stranded.get(path))


def test_repeated_logins_without_a_database_are_503s(stranded: Visitor) -> None:
    """Such attempts do not count as failed logins."""
    for _ in range(25):
        form = {"username": "ada", "password": PASSWORD}
        assert_is_away(stranded.post("/login", referred(stranded), **form))


def test_registering_without_a_database_is_a_503(stranded: Visitor) -> None:
    assert_is_away(stranded.post("/register", referred(stranded), **registration()))


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_page_without_statements_works_without_a_database(stranded: Visitor, path: str) -> None:
    assert stranded.get(path).status_code == 200


def test_a_city_can_be_chosen_without_a_database(stranded: Visitor) -> None:
    assert stranded.post("/city/paris", referred(stranded)).status_code == 303
    assert "Paris" in stranded.get("/").text


def test_without_a_database_the_process_is_alive_but_not_ready(stranded: Visitor) -> None:
    alive, ready, numbers = (stranded.get(path) for path in ("/healthz", "/readyz", "/metrics"))

    assert (alive.status_code, numbers.status_code) == (200, 200)
    assert ready.status_code == 503
    assert ready.json()["reason"] == "the database cannot be reached"
    assert MARKER not in ready.text


def test_a_session_survives_an_outage_of_the_database(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
) -> None:
    away = replace(settings_for(database), db_uri=f"postgresql://127.0.0.1:{free_port()}/movr")
    with visiting(create_app(settings_for(database))) as new:
        visitor = new().register()
        with visiting(create_app(away)) as new_stranded:
            stranded = new_stranded()
            stranded.client.cookies = visitor.client.cookies
            for path in ("/", "/rides", "/users"):
                assert_is_away(stranded.get(path))

        visitor.client.cookies = stranded.client.cookies
        assert visitor.get("/rides").status_code == 200


def test_a_database_that_never_replies_is_unavailable(new_mute_visitor: NewVisitor) -> None:
    reply = new_mute_visitor().get("/")

    assert_is_away(reply)
    assert reply.elapsed.total_seconds() < 10


@pytest.fixture
def new_mute_visitor() -> Iterator[NewVisitor]:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        uri = f"postgresql://127.0.0.1:{mute.getsockname()[1]}/movr?sslmode=disable"
        with visiting(create_app(Settings(db_uri=uri, debug=True))) as new:
            yield new


def test_the_text_of_a_refusal_is_its_sentence(visitor: Visitor) -> None:
    visitor.register()

    said = sentences(visitor.post(f"/vehicles/remove/{UNKNOWN_ID}"))

    assert said == f"404: {errors.VehicleNotFound.sentence}"

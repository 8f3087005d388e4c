"""New passwords: which are refused as easy to guess, wherever one is chosen."""

import time
from collections.abc import Callable
from typing import Final
from unicodedata import normalize

import httpx
import pytest
from flask import Flask

from movr.results import UserKey
from tests.conftest import NewVisitor
from tests.visitor import PASSWORD, Visitor, registration, sentences
from web.context import settings
from web.security.link_tokens import reset_tokens
from web.security.password_rules import is_easy_to_guess

ACCOUNT = {
    "first_name": "Maximiliana",
    "last_name": "Featherstone",
    "email": "max.featherstone@mail.example",
    "username": "speedy-scooter-7",
}
OWN = [
    "speedy-scooter-7",
    "Speedy-Scooter-7",
    "maximiliana",
    "FEATHERSTONE",
    "max.featherstone@mail.example",
    "max.featherstone",
    "maximilianafeatherstone",
    "Maximiliana Featherstone",
    "featherstone1987!",
]
SHORT = {
    "first_name": "Al",
    "last_name": "O",
    "email": "a1b2c3d4e5@m.example",
    "username": "q7w8-e9r0t1",
}
COMMON = ["password123", "Password123!", "1234567890", "qwertyuiop", "Manchester", "football2019"]
REFUSED = "too easy to guess"

Choose = Callable[[Visitor, str], httpx.Response]


def register(visitor: Visitor, password: str) -> httpx.Response:
    return visitor.post("/register", **registration() | ACCOUNT | {"password": password})


def change(visitor: Visitor, password: str) -> httpx.Response:
    path = f"/users/{visitor.register(**ACCOUNT).id}/security"
    return visitor.post(path, current=PASSWORD, new=password)


@pytest.fixture
def reset(app: Flask, new_visitor: NewVisitor) -> Choose:
    def choose(visitor: Visitor, password: str) -> httpx.Response:
        member = new_visitor().register(**ACCOUNT)
        with app.app_context():
            tokens = reset_tokens(settings().signing_keys)
        token = tokens.make(UserKey("new york", member.id), 0, time.time())
        visitor.get(f"/reset?token={token}")
        return visitor.post("/reset", password=password)

    return choose


@pytest.fixture(params=["register", "change", "reset"])
def choose(request: pytest.FixtureRequest, reset: Choose) -> Choose:
    """Each of the ways to choose a password."""
    ways: dict[str, Choose] = {"register": register, "change": change, "reset": reset}
    return ways[request.param]


@pytest.mark.parametrize("password", ["speedy-scooter-7", "Password123!"])
def test_a_password_that_is_easy_to_guess_is_refused_wherever_it_is_chosen(
    visitor: Visitor, choose: Choose, password: str
) -> None:
    reply = choose(visitor, password)

    assert reply.status_code == 422
    assert REFUSED in sentences(reply)
    assert visitor.log_in(ACCOUNT["username"], password).status_code == 422


def test_a_password_that_is_hard_to_guess_is_accepted_wherever_it_is_chosen(
    visitor: Visitor, choose: Choose
) -> None:
    assert choose(visitor, "a wholly other password").status_code == 303


@pytest.mark.parametrize("password", OWN)
def test_the_account_s_own_names_are_no_password(password: str) -> None:
    assert is_easy_to_guess(password, ACCOUNT.values())
    assert not is_easy_to_guess(f"not at all {password}", ACCOUNT.values())


@pytest.mark.parametrize("password", ["q7w8-e9r0t1", "A1B2C3D4E5", "al12345678", "!!!!!!!!!O"])
def test_names_that_are_short_or_hardly_words_are_no_password_either(password: str) -> None:
    assert is_easy_to_guess(password, SHORT.values())


def test_a_password_may_have_letters_of_a_short_name() -> None:
    assert not is_easy_to_guess("e1q2o3w4t5a6l7", SHORT.values())


@pytest.mark.parametrize("password", COMMON)
def test_a_common_password_is_none_in_any_letter_case_and_between_digits(password: str) -> None:
    assert is_easy_to_guess(password, ())


@pytest.mark.parametrize("password", [PASSWORD, "ride with movr", "9 words 2 many!", "8529637410#"])
def test_other_passwords_are_not_easy_to_guess(password: str) -> None:
    assert not is_easy_to_guess(password, ["", "Ada"])


def test_no_password_takes_long_to_judge() -> None:
    """Anybody may send one."""
    is_easy_to_guess("once, so that the list is read", ())
    started = time.perf_counter()
    for password in ("4@8({<3691!|105$7+%2" * 6, "x" * 128, "1" * 128, " " * 128):
        is_easy_to_guess(password, ACCOUNT.values())

    assert time.perf_counter() - started < 0.1


LONG: Final = {
    "digits between letters": "a" + 60_000 * "1" + "a",
    "marks that NFC sorts": "a" + 15_000 * "\u0300" + 15_000 * "\u0316",
}


@pytest.mark.parametrize("field", ["password", "first_name", "email", "username"])
@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_no_long_text_in_a_new_account_takes_the_time_of_others(
    visitor: Visitor, field: str, text: str
) -> None:
    visitor.post("/register", **registration() | {"password": "password123"})  # reads the list
    fields = registration() | {field: text, "csrf_token": visitor.token()}
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    started = time.process_time()

    reply = visitor.client.post(
        "/register",
        content=body.encode(),  # not as percentages, of which fewer fit in
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert time.process_time() - started < 0.3
    assert reply.status_code == 422


def test_a_password_is_as_long_as_its_composed_letters(visitor: Visitor) -> None:
    five_letters = normalize("NFD", "\u00f1\u00e1\u00fc\u00f6\u00ef")
    assert len(five_letters) == 10

    reply = visitor.post("/register", **registration() | {"password": five_letters})

    assert "10 to 128 characters" in sentences(reply)


@pytest.mark.parametrize("times", [2, 18], ids=["short", "128 letters"])
def test_who_registered_with_composed_letters_logs_in_with_decomposed_ones(
    visitor: Visitor, new_visitor: NewVisitor, times: int
) -> None:
    password = normalize("NFC", "ma\u00f1ana " * times)
    visitor.register(password=password)

    reply = new_visitor().log_in(visitor.username, normalize("NFD", password))

    assert reply.status_code == 303

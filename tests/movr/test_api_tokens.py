"""Tokens of the API: what they open, how long, and what ends them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from movr import errors
from movr.api_tokens import ACCESS_FOR, MAX_DEVICES, REFRESH_FOR, REPEATABLE_FOR, parse
from movr.formats import ERASED
from movr.movr import MovR
from movr.results import Member, TokenPair
from tests.movr.conftest import MovRAt
from tests.movr.test_movr import near
from tests.movr.test_reservations import Clock
from tests.movr.test_sessions import ENDS
from tests.visitor import PASSWORD, registration


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def movr(movr_at: MovRAt, engine: Engine, clock: Clock) -> MovR:  # noqa: ARG001 - which it empties
    """MovR with this clock, on an empty database."""
    return movr_at(clock)


@pytest.fixture
def member(movr: MovR) -> Member:
    found = movr.session_member(movr.register(**registration()))
    assert found is not None
    return found


def opens(movr: MovR, tokens: TokenPair) -> bool:
    return movr.tokens.member(parse(tokens.access)) is not None


def devices(movr: MovR, member: Member) -> list[str]:
    found = movr.tokens.devices(member.key, member.session_epoch)
    return [each.device for each in found.page.items]


def test_an_access_token_opens_lists_for_a_quarter_of_an_hour(
    movr: MovR, member: Member, clock: Clock
) -> None:
    tokens = movr.tokens.create(member, "phone")
    access = parse(tokens.access)

    assert movr.tokens.member(access) == member
    assert movr.vehicles_and_member(member.key, access, near(member.city)).member == member
    clock.now += ACCESS_FOR
    assert not opens(movr, tokens)
    assert movr.vehicles_and_member(member.key, access, near(member.city)).member is None


def test_a_refresh_token_is_no_access_token_and_an_access_token_does_not_refresh(
    movr: MovR, member: Member
) -> None:
    tokens = movr.tokens.create(member, "phone")

    assert movr.tokens.member(parse(tokens.refresh)) is None
    with pytest.raises(errors.TokenInvalid):
        movr.tokens.refresh(tokens.access)


def test_a_refresh_replaces_both_tokens(movr: MovR, member: Member) -> None:
    first = movr.tokens.create(member, "phone")
    second = movr.tokens.refresh(first.refresh)

    assert not opens(movr, first)
    assert opens(movr, second)
    assert devices(movr, member) == ["phone"]


def test_a_spent_refresh_token_revokes_those_that_replaced_it(movr: MovR, member: Member) -> None:
    first = movr.tokens.create(member, "phone")
    other = movr.tokens.create(member, "watch")
    second = movr.tokens.refresh(first.refresh)

    for spent in (first, second):
        with pytest.raises(errors.TokenInvalid):
            movr.tokens.refresh(spent.refresh)
        assert not opens(movr, second)
    assert opens(movr, other)
    assert devices(movr, member) == ["watch"]


def test_a_refresh_is_not_repeatable_for_longer_because_it_was_repeated(
    movr: MovR, member: Member, clock: Clock
) -> None:
    first = movr.tokens.create(member, "phone")
    second = movr.tokens.refresh(first.refresh, "key")
    clock.now += REPEATABLE_FOR - timedelta(seconds=1)
    assert movr.tokens.refresh(first.refresh, "key") == second
    clock.now += timedelta(seconds=1)

    with pytest.raises(errors.TokenInvalid):
        movr.tokens.refresh(first.refresh, "key")


def test_a_repeated_login_gets_no_tokens_of_sessions_that_were_ended(
    movr: MovR, member: Member
) -> None:
    movr.tokens.create(member, "phone", "key")
    movr.end_sessions(member.key, member.session_epoch)
    again = replace(member, session_epoch=member.session_epoch + 1)

    with pytest.raises(errors.TokenInvalid):
        movr.tokens.create(again, "phone", "key")
    assert opens(movr, movr.tokens.create(again, "phone", "other key"))


def test_a_refresh_token_lasts_from_refresh_to_refresh(
    movr: MovR, member: Member, clock: Clock
) -> None:
    tokens = movr.tokens.create(member, "phone")
    clock.now += REFRESH_FOR - timedelta(seconds=1)
    tokens = movr.tokens.refresh(tokens.refresh)
    clock.now += REFRESH_FOR

    with pytest.raises(errors.TokenInvalid):
        movr.tokens.refresh(tokens.refresh)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: str(end.__name__))
def test_tokens_end_with_the_sessions(
    movr: MovR, member: Member, end: Callable[[MovR, object], None]
) -> None:
    tokens = movr.tokens.create(member, "phone")
    end(movr, member.key)

    assert not opens(movr, tokens)
    assert devices(movr, member) == []
    with pytest.raises(errors.TokenInvalid):
        movr.tokens.refresh(tokens.refresh)
    with pytest.raises(errors.SessionEnded):
        movr.tokens.create(member, "phone")


def test_a_member_revokes_one_of_their_devices_and_no_other_member_s(
    movr: MovR, member: Member
) -> None:
    phone, watch = (movr.tokens.create(member, name) for name in ("phone", "watch"))
    stranger = movr.register(**registration())

    assert not movr.tokens.revoke(stranger, phone.id)
    assert opens(movr, phone)
    assert movr.tokens.revoke(member.key, phone.id)
    assert not opens(movr, phone)
    assert opens(movr, watch)


def test_a_member_has_a_bounded_number_of_devices(movr: MovR, member: Member) -> None:
    for _ in range(MAX_DEVICES):
        tokens = movr.tokens.create(member, "phone")
    with pytest.raises(errors.TooManyDevices):
        movr.tokens.create(member, "one more")

    movr.tokens.revoke(member.key, tokens.id)
    movr.tokens.create(member, "one more")


def test_the_database_keeps_no_token(movr: MovR, member: Member) -> None:
    tokens = movr.tokens.create(member, "phone")
    with movr.engine.connect() as connection:
        row = str(connection.execute(text("SELECT * FROM api_tokens")).all())

    for token in (tokens.access, tokens.refresh):
        assert token.rpartition(".")[2] not in row


def test_deleting_the_account_erases_the_names_of_its_devices(movr: MovR, member: Member) -> None:
    tokens = movr.tokens.create(member, "Ada's phone")
    movr.delete_account(member.key, 0, password=PASSWORD)

    assert not opens(movr, tokens)
    with movr.engine.connect() as connection:
        assert connection.execute(text("SELECT device FROM api_tokens")).scalars().all() == [ERASED]


def test_a_long_number_instead_of_an_epoch_is_none() -> None:
    """Python refuses to read a number of more than 4,300 digits."""
    assert parse(f"paris.{'0' * 32}.{'0' * 32}{'9' * 5000}~secret").epoch == 0


@pytest.mark.parametrize(
    "token",
    ["", "a", "a.b.c", "new-york.0.0", "paris." + "0" * 32 + ".", "new-york.é.é", "." * 1000],
)
def test_a_malformed_token_is_invalid(token: str) -> None:
    with pytest.raises(errors.TokenInvalid):
        parse(token)

"""Sessions: which actions raise an account's epoch, and what an old epoch prevents."""

from collections.abc import Callable

import pytest

from movr import errors
from movr.movr import MovR
from movr.results import UserKey
from movr.search import Search
from tests.movr.test_movr import near
from tests.visitor import PASSWORD, registration

NEW = "a wholly other password"


@pytest.fixture
def member(movr: MovR) -> UserKey:
    return movr.register(**registration())


def change(movr: MovR, member: UserKey) -> None:
    movr.change_password(member, 0, current=PASSWORD, new=NEW)


def reset(movr: MovR, member: UserKey) -> None:
    movr.reset_password(member, 0, NEW)


def log_out(movr: MovR, member: UserKey) -> None:
    movr.end_sessions(member, 0)


def change_email(movr: MovR, member: UserKey) -> None:
    assert movr.change_email(member, 0, "new@home.example") == 1


def confirm_new_email(movr: MovR, member: UserKey) -> None:
    movr.confirm_new_email(member, 0, "new@home.example")


ENDS = [change, reset, log_out, change_email, confirm_new_email]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: str(end.__name__))
def test_sessions_of_an_epoch_end_together(
    movr: MovR, member: UserKey, end: Callable[[MovR, UserKey], None]
) -> None:
    end(movr, member)

    nearby: Search = near(member.city)
    assert movr.session_member(member, 0) is None
    assert movr.vehicles_and_member(member, 0, nearby).member is None
    later = movr.session_member(member, 1)
    assert later is not None
    assert later.session_epoch == 1
    assert movr.vehicles_and_member(member, 1, nearby).member == later


def test_a_password_is_changed_with_the_current_password(movr: MovR, member: UserKey) -> None:
    username = getattr(movr.session_member(member), "username", "")

    with pytest.raises(errors.WrongPassword):
        movr.change_password(member, 0, current=NEW, new=NEW)
    assert movr.log_in(username, PASSWORD).session_epoch == 0

    assert movr.change_password(member, 0, current=PASSWORD, new=NEW) == 1
    assert movr.log_in(username, NEW).session_epoch == 1
    with pytest.raises(errors.WrongCredentials):
        movr.log_in(username, PASSWORD)


def test_of_two_who_change_a_password_at_once_one_has_been_logged_out(
    movr: MovR, member: UserKey
) -> None:
    """The second read the old password before the first had changed it."""
    movr.end_sessions(member, 0)

    with pytest.raises(errors.SessionEnded):
        movr.change_password(member, 0, current=PASSWORD, new=NEW)
    assert movr.session_member(member, 1)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: str(end.__name__))
def test_a_session_that_has_ended_deletes_no_account(
    movr: MovR, member: UserKey, end: Callable[[MovR, UserKey], None]
) -> None:
    end(movr, member)

    with pytest.raises(errors.SessionEnded):
        movr.delete_account(member, 0, password=NEW if end in {change, reset} else PASSWORD)
    assert movr.session_member(member, 1)


def test_a_forgotten_password_is_replaced_once(movr: MovR, member: UserKey) -> None:
    username = movr.reset_password(member, 0, NEW)

    with pytest.raises(errors.ResetLinkExpired):
        movr.reset_password(member, 0, "and a third password")
    assert movr.log_in(username, NEW).key == member


def test_of_two_links_to_new_addresses_the_first_one_works(movr: MovR, member: UserKey) -> None:
    movr.confirm_new_email(member, 0, "first@home.example")

    with pytest.raises(errors.EmailLinkExpired):
        movr.confirm_new_email(member, 0, "second@home.example")
    with pytest.raises(errors.SessionEnded):
        movr.change_email(member, 0, "third@home.example")
    found = movr.session_member(member, 1)
    assert found
    assert found.email == "first@home.example"
    assert found.email_verified_at


def test_the_names_and_address_of_a_deleted_account_cannot_be_changed(
    movr: MovR, member: UserKey
) -> None:
    movr.delete_account(member, 0, password=PASSWORD)

    with pytest.raises(errors.AccountDeleted):
        movr.change_names(member, first_name="Ada", last_name="King")
    with pytest.raises(errors.AccountDeleted):
        movr.change_email(member, 1, "new@home.example")
    with pytest.raises(errors.EmailLinkExpired):
        movr.confirm_new_email(member, 1, "new@home.example")


def test_the_password_of_a_deleted_account_cannot_be_changed(movr: MovR, member: UserKey) -> None:
    movr.delete_account(member, 0, password=PASSWORD)

    with pytest.raises(errors.ResetLinkExpired):
        movr.reset_password(member, 0, NEW)
    with pytest.raises(errors.WrongPassword):
        movr.change_password(member, 0, current=PASSWORD, new=NEW)


def test_logging_out_everywhere_twice_ends_no_session_that_began_in_between(
    movr: MovR, member: UserKey
) -> None:
    movr.end_sessions(member, 0)
    movr.end_sessions(member, 0)

    assert movr.session_member(member, 1)


def test_a_username_is_free_again_once_its_account_is_deleted(
    movr: MovR,
) -> None:
    """Its next account inherits no sessions, links or password."""
    fields = registration("new york")
    first = movr.register(**fields)
    movr.delete_account(first, 0, password=PASSWORD)

    second = movr.register(**{**fields, "password": NEW})

    assert movr.session_member(first, 0) is None
    assert movr.session_member(first, 1) is None
    assert movr.log_in(fields["username"], NEW).key == second
    with pytest.raises(errors.ResetLinkExpired):
        movr.reset_password(first, 0, "and a third password")
    with pytest.raises(errors.WrongCredentials):
        movr.log_in(fields["username"], PASSWORD)

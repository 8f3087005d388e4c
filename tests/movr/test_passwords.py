"""Password hashes: their algorithm, cost and salts."""

from statistics import median
from time import perf_counter
from unicodedata import normalize

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from werkzeug.security import generate_password_hash

from movr import passwords
from movr.passwords import DUMMY_HASH, check_password, hash_password

PASSWORD = "correct horse battery"
INSIDE = "the password of no account"


REAL_HASHER = passwords._hasher  # noqa: SLF001 - which the other tests replace


@pytest.fixture
def real_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords at the real cost, in tests that are about it."""
    monkeypatch.setattr(passwords, "_hasher", REAL_HASHER)
    monkeypatch.setattr(passwords, "DUMMY_HASH", DUMMY_HASH)


@pytest.mark.usefixtures("real_cost")
def test_a_password_is_hashed_with_argon2id_at_owasp_s_cost_or_more() -> None:
    parameters = extract_parameters(hash_password(PASSWORD))

    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19456  # KiB
    assert parameters.time_cost >= 2
    assert parameters.parallelism >= 1
    assert parameters.salt_len >= 16
    assert parameters.hash_len >= 16


def test_the_same_password_is_never_hashed_alike() -> None:
    hashes = {hash_password(PASSWORD) for _ in range(4)}

    assert len(hashes) == 4
    assert len({hash_.split("$")[4] for hash_ in hashes}) == 4  # the salts
    assert all(check_password(PASSWORD, hash_) for hash_ in hashes)


@pytest.mark.usefixtures("real_cost")
def test_a_hash_says_nothing_of_its_password_and_fits_its_column() -> None:
    hash_ = hash_password(PASSWORD)

    assert PASSWORD not in hash_
    assert len(hash_) <= 200


@pytest.mark.parametrize(
    "wrong", ["", " ", PASSWORD.upper(), f"{PASSWORD} ", PASSWORD[:-1], f"{PASSWORD}\0", "x" * 128]
)
def test_another_password_is_wrong(wrong: str) -> None:
    assert not check_password(wrong, hash_password(PASSWORD))


@pytest.mark.parametrize(
    "password",
    ["ride with movr", "λόγος και πάθος", "🛴🚲🛹🛴🚲🛹🛴🚲🛹🛴", "x" * 128, " " * 10],
)
def test_a_password_may_be_written_in_any_script(password: str) -> None:
    assert check_password(password, hash_password(password))


COMPOSED = normalize("NFC", "ma\u00f1ana en \u0130stanbul")
DECOMPOSED = normalize("NFD", COMPOSED)


@pytest.mark.parametrize("chosen", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
def test_a_password_is_right_however_a_keyboard_composes_its_letters(
    chosen: str, typed: str
) -> None:
    assert COMPOSED != DECOMPOSED
    assert check_password(typed, hash_password(chosen))


@pytest.mark.parametrize("written", [COMPOSED, DECOMPOSED])
def test_a_hash_from_before_passwords_were_normalised_still_matches_its_password(
    written: str,
) -> None:
    old_hash = PasswordHasher().hash(written)

    assert check_password(written, old_hash)
    assert not check_password(f"{written}!", old_hash)


@pytest.mark.parametrize("hash_", ["", "none", "argon2id"])
def test_an_invalid_hash_matches_no_password(hash_: str) -> None:
    assert check_password(PASSWORD, hash_) is False
    assert check_password(INSIDE, hash_) is False
    assert check_password(hash_, hash_) is False


def test_all_of_a_long_password_counts() -> None:
    assert not check_password("x" * 127 + "y", hash_password("x" * 128))


@pytest.mark.usefixtures("real_cost")
@pytest.mark.parametrize("password", [PASSWORD, "", INSIDE])
def test_no_password_is_right_without_a_hash(password: str) -> None:
    assert check_password(password, None) is False


@pytest.mark.usefixtures("real_cost")
def test_the_hash_for_unknown_usernames_has_the_cost_of_all_others() -> None:
    assert PasswordHasher().verify(DUMMY_HASH, INSIDE)
    assert extract_parameters(DUMMY_HASH) == extract_parameters(hash_password(PASSWORD))


@pytest.mark.usefixtures("real_cost")
def test_checking_a_password_without_a_hash_takes_as_long() -> None:
    """Otherwise response times would reveal usernames. The tolerance allows for a busy machine."""
    hash_ = hash_password(PASSWORD)

    unknown = median(seconds("wrong", None) for _ in range(7))
    known = median(seconds("wrong", hash_) for _ in range(7))

    assert 1 / 5 < unknown / known < 5


def seconds(password: str, hash_: str | None) -> float:
    started = perf_counter()
    check_password(password, hash_)
    return perf_counter() - started


@pytest.mark.parametrize("method", ["pbkdf2:sha256:1000", "pbkdf2:sha512:1000", "scrypt:32768:8:1"])
def test_passwords_of_the_tutorial_s_site_are_checked_by_their_own_hash(method: str) -> None:
    hashed = generate_password_hash("ride with me", method)

    assert check_password("ride with me", hashed)
    assert not check_password("ride with you", hashed)

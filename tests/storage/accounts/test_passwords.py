"""Passwords: hashed, never kept; what a new one has to be."""

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.accounts import passwords
from storage.accounts.passwords import (
    BadPassword,
    Cost,
    check_new_password,
    fits,
    hash_password,
    hashed,
    outdated,
    password_fits,
    set_cost,
)
from tests.accounts import SECRET


def test_the_default_costs_what_rfc_9106_says_for_little_memory() -> None:
    set_cost(Cost())
    made = hash_password(SECRET)
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert password_fits(SECRET, made)


def test_the_same_password_is_hashed_differently_each_time_and_is_not_in_it() -> None:
    one, other = hash_password(SECRET), hash_password(SECRET)
    assert one != other
    assert SECRET not in one
    assert password_fits(SECRET, one)
    assert not password_fits(SECRET + " ", one)


def test_a_password_fits_however_the_keyboard_composes_it() -> None:
    assert password_fits("caffe\u0300 latte!", hash_password("caffè latte!"))


@settings(max_examples=50)
@given(st.text(max_size=50), st.text(max_size=50))
def test_nobody_gets_in_without_a_hash_or_with_a_damaged_one(text: str, damaged: str) -> None:
    assert not password_fits(text, None)
    assert not password_fits(text, damaged)


def test_a_text_longer_than_passwords_are_fits_nothing() -> None:
    assert not password_fits("x" * 1_001, hash_password("x" * 1_001))
    assert password_fits("x" * 1_000, hash_password("x" * 1_000))


def test_checking_a_password_of_nobody_does_as_much_work_as_of_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    made, checked = hash_password(SECRET), []
    real = type(passwords._hasher(passwords._cost)).verify

    def verify(self: object, known: str, text: bytes) -> bool:
        checked.append(known.rpartition("$")[0].rpartition("$")[0])
        return bool(real(self, known, text))  # type: ignore[arg-type]

    monkeypatch.setattr(type(passwords._hasher(passwords._cost)), "verify", verify)
    for known in (made, None):
        assert password_fits(SECRET, known) is (known is made)
    assert checked[0] == checked[1] == "$argon2id$v=19$m=8,t=1,p=1"


def test_a_hash_of_another_cost_is_outdated() -> None:
    made = hash_password(SECRET)
    assert not outdated(made)
    set_cost(Cost(passes=2, memory_kib=8, lanes=1))
    assert outdated(made)
    assert password_fits(SECRET, made)


@pytest.mark.parametrize(
    "text", ["", "short", "123456789", "x" * 1_001, "aaaaaaaaaaaaaaaa", "Ada Lovelace", "ADA  LOVELACE"]
)
def test_a_new_password_is_long_enough_and_not_the_name(text: str) -> None:
    with pytest.raises(BadPassword) as refused:
        check_new_password(text, "Ada Lovelace")
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("text", ["1234567890", "correct horse", "x y z " * 100])
def test_a_long_password_is_good_enough(text: str) -> None:
    check_new_password(text, "Ada Lovelace")


async def test_hashing_happens_in_at_most_two_threads_of_its_own() -> None:
    seen = set()

    class Watched(passwords.PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            seen.add(threading.current_thread().name)
            return super().hash(password, salt=salt)

    real, passwords._hasher = passwords._hasher, lambda cost: Watched(1, 8, 1)  # type: ignore[assignment]
    try:
        made = await asyncio.gather(*(hashed(SECRET) for _ in range(10)))
    finally:
        passwords._hasher = real
    assert all(await asyncio.gather(*(fits(SECRET, one) for one in made)))
    assert len(seen) <= 2
    assert all(name.startswith("podium-password") for name in seen)

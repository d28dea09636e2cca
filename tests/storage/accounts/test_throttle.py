"""How often somebody may try to log in, counted for all processes together."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storage.accounts.tables import LOGIN_FAILURE, LOGIN_PLACE
from storage.accounts.throttle import LATELY, OF_NAME, OF_PLACE, WINDOW, LoginThrottle, place_of
from storage.store import Store
from tests.accounts import Clock


@pytest.fixture
def throttle(store: Store, clock: Clock) -> LoginThrottle:
    return LoginThrottle(store, clock)


async def _try(throttle: LoginThrottle, name: str, address: str, times: int) -> list[float]:
    return [await throttle.attempt(name, address) for _ in range(times)]


async def test_the_sixth_attempt_of_a_name_waits_whatever_the_spelling_and_the_address(
    throttle: LoginThrottle, clock: Clock
) -> None:
    for number, spelling in enumerate(("Ann", "ann", " ANN", "Ａnn", "ann\u00a0")):
        assert await throttle.attempt(spelling, f"10.0.0.{number}") == 0
        clock.move(seconds=60)
    assert await throttle.attempt("aNN", "10.0.0.9") == (WINDOW - timedelta(minutes=5)).total_seconds()
    assert throttle.wait_s("ann", "10.9.9.9") == 600
    assert await throttle.attempt("Bob", "10.0.0.0") == 0
    clock.move(seconds=600)
    assert throttle.wait_s("Ann", "10.9.9.9") == 0
    assert await throttle.attempt("Ann", "10.0.0.9") == 0
    assert await throttle.attempt("Ann", "10.0.0.9") == 60  # until the second one is a quarter of an hour old


async def test_an_address_that_tries_many_names_waits(throttle: LoginThrottle) -> None:
    assert [await throttle.attempt(f"name {number}", "10.0.0.1") for number in range(OF_PLACE)] == [0] * OF_PLACE
    assert await throttle.attempt("another", "10.0.0.1") == WINDOW.total_seconds()
    assert await throttle.attempt("another", "::ffff:10.0.0.1") > 0
    assert await throttle.attempt("another", "10.0.0.2") == 0


async def test_all_addresses_of_one_ipv6_network_count_together(throttle: LoginThrottle) -> None:
    for number in range(OF_PLACE):
        assert await throttle.attempt(f"name {number}", f"2001:db8:1:2::{number:x}") == 0
    assert await throttle.attempt("x", "2001:db8:1:2:ffff::1%eth0") > 0
    assert await throttle.attempt("x", "2001:db8:1:3::1") == 0


async def test_attempts_that_wait_are_not_counted(throttle: LoginThrottle, store: Store, clock: Clock) -> None:
    await _try(throttle, "Ann", "10.0.0.1", 50)
    assert len(store.rows(select(LOGIN_FAILURE.c.sequence))) == OF_NAME
    clock.now += WINDOW
    assert await throttle.attempt("Ann", "10.0.0.1") == 0
    assert len(store.rows(select(LOGIN_FAILURE.c.sequence))) == 1


async def test_nobody_is_kept_out_from_where_they_logged_in_lately(throttle: LoginThrottle, clock: Clock) -> None:
    assert await throttle.attempt("Ann", "10.0.0.1") == 0
    await throttle.succeeded("ann", "10.0.0.1")
    for _ in range(8):  # an attacker tries for two hours
        for number in range(7):
            await throttle.attempt("Ann", f"66.6.6.{number}")
        assert throttle.wait_s("Ann", "66.6.6.6") > 0
        assert throttle.wait_s("ANN", "10.0.0.1") == 0
        clock.now += WINDOW
    assert await _try(throttle, "Ann", "10.0.0.1", OF_NAME + 1) == [0] * OF_NAME + [WINDOW.total_seconds()]
    clock.now += LATELY
    await _try(throttle, "Ann", "66.6.6.6", OF_NAME)
    assert throttle.wait_s("Ann", "10.0.0.1") > 0


async def test_her_own_mistakes_at_home_do_not_keep_her_out_elsewhere(throttle: LoginThrottle) -> None:
    await throttle.succeeded("Ann", "10.0.0.1")
    await _try(throttle, "Ann", "10.0.0.1", OF_NAME)
    assert throttle.wait_s("Ann", "10.0.0.1") > 0
    assert throttle.wait_s("Ann", "10.0.0.2") == 0


async def test_logging_in_forgets_own_failures_but_not_those_of_other_names(throttle: LoginThrottle) -> None:
    await _try(throttle, "Ann", "10.0.0.1", OF_NAME - 1)
    await throttle.succeeded("Ann", "10.0.0.1")
    assert await _try(throttle, "Ann", "10.0.0.1", OF_NAME) == [0] * OF_NAME
    for number in range(OF_PLACE):  # with an account of one's own one cannot go on guessing others
        await throttle.attempt(f"name {number}", "10.0.0.3")
        await throttle.succeeded("Mallory", "10.0.0.3")
    assert await throttle.attempt("victim", "10.0.0.3") > 0


async def test_a_hundred_attempts_at_once_in_two_processes_are_five(url: str, store: Store) -> None:
    with Store.open(url) as other:
        both = LoginThrottle(store), LoginThrottle(other)
        waits = await asyncio.gather(*(both[number % 2].attempt("Ann", "10.0.0.1") for number in range(100)))
    assert sum(wait_s == 0 for wait_s in waits) == OF_NAME


async def test_the_names_that_were_tried_are_not_kept(throttle: LoginThrottle, store: Store) -> None:
    await throttle.attempt("my secret password\0\ud800", "10.0.0.1\0")
    await throttle.succeeded("my secret password", "unix:\0")
    assert "secret" not in str([store.rows(select(LOGIN_FAILURE)), store.rows(select(LOGIN_PLACE))])


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from(["10.0.0.1", "10.0.0.2"]), st.integers(0, 400)),
        max_size=25,
    )
)
async def test_in_no_quarter_of_an_hour_does_a_name_have_more_than_its_attempts(
    steps: list[tuple[str, str, int]],
) -> None:
    clock, allowed = Clock(), []
    with Store.open("sqlite://") as store:
        throttle = LoginThrottle(store, clock)
        for name, address, pause_s in steps:
            clock.move(seconds=pause_s)
            told = throttle.wait_s(name, address)
            waited = await throttle.attempt(name, address)
            assert waited == told
            assert 0 <= waited <= WINDOW.total_seconds()
            if waited == 0:
                allowed.append((name, clock.now))
    for name, at in allowed:
        assert sum(one == name and at - WINDOW < when <= at for one, when in allowed) <= OF_NAME


@given(st.text(max_size=200))
def test_any_text_can_be_an_address(address: str) -> None:
    assert place_of(address).isprintable()
    assert place_of(place_of(address)) == place_of(address) or "/" in place_of(address)

"""Steps of several trajectories in common rows."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.pool import TOOL_OF
from prefs.alignment import NO_CALL, Call, Grade, Route, Row, aligned, common_start, route
from prefs.parting import deviation, parting, same_routes
from tests.examples import call, trajectory
from tests.webapp.canned import made_step

ALIASES = ("search-1", "search-2", "reasoner-1", "answer-1", "answer-2")
CALLS = st.sampled_from([*((TOOL_OF[alias], alias) for alias in ALIASES), NO_CALL])
ROUTES = st.lists(CALLS, max_size=9).map(tuple)


@st.composite
def alternatives(draw: st.DrawFn) -> list[Route]:
    """Routes of which some are copies of each other or go on from a common start."""
    start = draw(st.lists(CALLS, max_size=4).map(tuple))
    some = [start + rest if draw(st.booleans()) else rest for rest in draw(st.lists(ROUTES, min_size=2, max_size=6))]
    return draw(st.permutations(some + draw(st.lists(st.sampled_from(some), max_size=3))))


def made(words: str) -> Route:
    """`S1 A1` as a route; `-` is a step without a valid call."""
    names = {"S": "search", "R": "reasoner", "A": "answer"}
    return tuple(NO_CALL if word == "-" else _call(f"{names[word[0]]}-{word[1]}") for word in words.split())


def _call(alias: str) -> Call:
    return TOOL_OF[alias], alias


def drawn(rows: tuple[Row, ...]) -> list[str]:
    """Each row as `S1 S1 ·`."""
    return [" ".join("·" if c is None else f"{c[1][:1].upper()}{c[1][-1:]}" or "-" for c in row.calls) for row in rows]


@given(alternatives())
def test_every_step_is_in_exactly_one_row_and_in_order(routes: list[Route]) -> None:
    rows = aligned(routes)
    for number, one in enumerate(routes):
        assert [row.steps[number] for row in rows if row.steps[number] is not None] == list(range(len(one)))
        assert tuple(row.calls[number] for row in rows if row.calls[number] is not None) == one


@given(alternatives())
def test_every_row_has_a_step_and_calls_one_tool(routes: list[Route]) -> None:
    for row in aligned(routes):
        assert len({call[0] for call in row.calls if call is not None}) == 1


@given(ROUTES, st.integers(2, 12))
def test_equal_routes_never_part(one: Route, count: int) -> None:
    rows = aligned([one] * count)
    assert len(rows) == len(one)
    assert all(row.whole for row in rows)
    assert parting([one] * count) is None


@given(alternatives(), st.randoms(use_true_random=False))
def test_permuting_the_alternatives_permutes_the_rows(routes: list[Route], chance: object) -> None:
    order = list(range(len(routes)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    rows, permuted = aligned(routes), aligned([routes[number] for number in order])
    assert [tuple(row.steps[number] for number in order) for row in rows] == [row.steps for row in permuted]


@given(alternatives())
def test_the_common_start_is_the_first_rows_and_the_next_row_is_where_they_part(routes: list[Route]) -> None:
    rows, start, parted = aligned(routes), common_start(routes), parting(routes)
    assert [row.steps for row in rows[:start]] == [(step,) * len(routes) for step in range(start)]
    if parted is None:
        assert len(rows) == start
    else:
        assert parted.step == start
        assert not rows[start].whole
        assert sorted(n for branch in parted.branches for n in branch.members) == list(range(len(routes)))


@given(alternatives())
def test_alternatives_with_the_same_route_share_every_row(routes: list[Route]) -> None:
    for members in same_routes(routes):
        assert all(len({row.steps[number] for number in members}) == 1 for row in aligned(routes))


@given(ROUTES, ROUTES)
def test_a_deviation_turns_one_route_into_the_other(base: Route, other: Route) -> None:
    found = deviation(base, other)
    end = base[found.step + len(found.left_out) :]
    assert base[: found.step] + found.left_out + end == base
    assert base[: found.step] + found.added + end == other


@pytest.mark.parametrize(
    ("routes", "shown"),
    [
        (["S1 R1 A1", "S1 A1"], ["S1 S1", "R1 ·", "A1 A1"]),
        (["S1 A1", "S2 A1"], ["S1 S2", "A1 A1"]),
        (["S1 S1 S1 S1 A1", "S1 A1"], ["S1 S1", "S1 ·", "S1 ·", "S1 ·", "A1 A1"]),
        (["S1 - A1", "S1 A1"], ["S1 S1", "- ·", "A1 A1"]),
        (["S1 R1 A1", "S1 A1", "R1 A2"], ["S1 S1 ·", "R1 · R1", "A1 A1 A2"]),
        (["S1 S2 A1", "S2 A1"], ["S1 ·", "S2 S2", "A1 A1"]),
    ],
)
def test_what_is_called_alike_stands_in_one_row(routes: list[str], shown: list[str]) -> None:
    assert drawn(aligned([made(one) for one in routes])) == shown


def test_a_row_grades_each_alternative() -> None:
    first, second, third = aligned([made(one) for one in ("S1 R1 A1", "S1 A1", "S1 A2")])
    assert [first.grade(n) for n in range(3)] == [Grade.SAME] * 3
    assert [second.grade(n) for n in range(3)] == [Grade.ALONE, Grade.GAP, Grade.GAP]
    assert [third.grade(n) for n in range(3)] == [Grade.SHARED, Grade.SHARED, Grade.OTHER]
    assert third.like(0) == (1,)


def test_where_aliases_are_hidden_only_tools_are_compared() -> None:
    one = trajectory(steps=(made_step(0, "search-1"), made_step(1, "answer-1", call=None)))
    assert route(one) == (("search", "search-1"), NO_CALL)
    assert route(one, tools_only=True) == (("search", ""), NO_CALL)
    assert call("search-1").tool == "search"


def test_twelve_alternatives_of_fifty_steps_are_aligned_while_nobody_notices() -> None:
    words = ["S1", "S2", "R1", "R2", "S1", "R1", "S2"]
    routes = [made(" ".join([*(words[(n * k + k // 3) % 7] for k in range(49)), "A1"])) for n in range(1, 13)]
    began = time.perf_counter()
    aligned(routes)
    assert time.perf_counter() - began < 2

"""Parts of audience mode: how often, from where, the QR code, and what the rankings say as they come."""

import re
from collections.abc import Sequence
from dataclasses import replace
from socket import gethostname
from urllib.parse import urlsplit

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.trajectory import Outcome, Step, StopReason, Trajectory, Verdict
from prefs.ballot import ballot
from prefs.judgement import candidates
from prefs.ranking import Ranking
from tests.examples import NOON, call, model_call, trajectory
from webapp.audience.limits import MOST_KEYS, Limit, household
from webapp.audience.qr import QUIET, qr
from webapp.audience.reach import machine_address, reach
from webapp.audience.standing import MOST_POINTS, Heard
from webapp.settings import Settings, SettingsError, host_and_port, web_address


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5))
def test_no_more_pass_than_the_burst_and_what_came_with_time(pauses: list[float], burst: int) -> None:
    now = 0.0
    limit = Limit(burst, 0.5, lambda: now)
    passed = 0
    for pause in pauses:
        now += pause
        wait = limit.take("ann")
        passed += wait == 0
        assert passed <= burst + 0.5 * now + 1e-6
        assert 0 <= wait <= 2


def test_who_waits_as_long_as_told_passes_and_others_need_not_wait() -> None:
    now = 0.0
    limit = Limit(1, 0.5, lambda: now)
    assert limit.take("ann") == 0
    wait = limit.take("ann")
    assert wait == 2
    assert limit.take("bob") == 0
    now += wait
    assert limit.take("ann") == 0


def test_limits_do_not_remember_everybody() -> None:
    limit = Limit(1, 1.0, lambda: 0.0)
    for number in range(MOST_KEYS + 1):
        limit.take(number)
    assert limit.take(0) == 0
    assert limit.take(MOST_KEYS) > 0


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%wlan0", "fe80::"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        ("", ""),
    ],
)
def test_a_network_of_one_machine_counts_as_one_address(address: str, counts_as: str) -> None:
    assert household(address) == counts_as


def test_the_path_of_a_qr_code_draws_exactly_its_dark_modules() -> None:
    address = "http://192.168.1.23:8080/join/ABCDEFGH"
    drawn = set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", qr(address).path):
        drawn |= {(int(x) + step - QUIET, int(y) - QUIET) for step in range(int(width))}
    matrix = segno.make_qr(address, error="l", boost_error=True).matrix
    assert drawn == {(x, y) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}
    assert qr(address).size == len(matrix) + 2 * QUIET == 37


def test_the_stage_tells_how_a_room_gets_in() -> None:
    alone = reach(Settings(), "http://127.0.0.1:8000")
    assert (alone.base, alone.room) == ("http://127.0.0.1:8000", False)
    assert re.fullmatch(r"podium serve --audience \S+:8080", alone.command or "")
    room = reach(Settings(audience=("192.168.1.23", 8080)), "http://127.0.0.1:8000")
    assert (room.join_url("ABCDEFGH"), room.room, room.command) == (
        "http://192.168.1.23:8080/join/ABCDEFGH",
        True,
        None,
    )
    assert reach(Settings(audience=("fd00::7", 8080)), "").base == "http://[fd00::7]:8080"
    assert not reach(Settings(audience=("127.0.0.1", 8080)), "").room
    for host, own in (
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "https://[::1]:8000"),
        ("0.0.0.0", "http://localhost"),
    ):
        everywhere = reach(Settings(host=host), own)
        found, opened = urlsplit(everywhere.base), urlsplit(own)
        assert found.hostname == urlsplit(f"//{machine_address() or gethostname()}").hostname, "no phone's own address"
        assert (found.scheme, found.port, everywhere.room, everywhere.command) == (
            opened.scheme,
            opened.port,
            True,
            None,
        )
    named = reach(Settings(host="0.0.0.0"), "http://podium.example:8000")
    assert named.base == "http://podium.example:8000", "as the speaker reaches it, so can a room"
    assert "0.0.0.0" not in reach(Settings(audience=("0.0.0.0", 8080)), "").base
    tunnel = Settings(audience=("127.0.0.1", 8080), audience_url="https://talk.example.org")
    assert reach(tunnel, "").join_url("ABCDEFGH") == "https://talk.example.org/join/ABCDEFGH"


def test_where_phones_are_served_is_read_from_the_environment() -> None:
    found = Settings.from_environment(
        {"PODIUM_AUDIENCE": "192.168.1.23:8080", "PODIUM_AUDIENCE_URL": "https://talk.example.org/"}
    )
    assert (found.audience, found.audience_url) == (("192.168.1.23", 8080), "https://talk.example.org")
    assert host_and_port("[::]:8080", "X") == ("::", 8080)
    for text in ("8080", ":8080", "host", "host:99999", "host:port"):
        with pytest.raises(SettingsError):
            host_and_port(text, "X")
    for text in ("talk.example.org", "ftp://x", "https://x?y=1"):
        with pytest.raises(SettingsError):
            web_address(text, "X")


def solved(number: int, usd: str, seconds: float, verdict: Verdict = Verdict.SOLVED) -> Trajectory:
    one = Step(0, "", call("answer-1"), None, (model_call(usd, latency_s=seconds),))
    return trajectory(
        id=f"t{number}",
        steps=(one,),
        answer="x",
        stop_reason=StopReason.ANSWERED,
        outcome=Outcome(verdict, "reference"),
    )


def heard(*shown: Trajectory) -> Heard:
    one = ballot("b1", [t.id for t in shown], query="q", run=None, seed=1, made_at=NOON)
    return Heard(one, tuple(candidates(one, {t.id: t for t in shown})), "audience-X-")


def said(room: Heard, number: int, trajectories: Sequence[str], annotator: str = "audience-X-{}") -> Ranking:
    labels = {one.trajectory: one.label for one in room.ballot.alternatives}
    groups = tuple((labels[id],) for id in trajectories)
    return Ranking(f"k{number}", "b1", groups, NOON, annotator=annotator.format(number))


@pytest.fixture
def room() -> Heard:
    """`t0` is right and dear, `t1` right and cheap, `t2` wrong and quick, `t3` right, dear and quick."""
    wrong = solved(2, "0.05", 1.0, Verdict.UNSOLVED)
    return heard(solved(0, "0.09", 5.0), solved(1, "0.01", 5.0), wrong, solved(3, "0.08", 1.0))


def test_intervals_narrow_as_phones_rank(room: Heard) -> None:
    orders = ["t1 t3 t0 t2", "t1 t2 t3 t0", "t3 t1 t0 t2", "t0 t1 t3 t2", "t1 t0 t2 t3"]
    for number in range(200):
        room.take([said(room, number, orders[number % 5].split())])
    assert room.ranked == 200
    assert len(room.trail) <= MOST_POINTS + 1
    assert [point.ranked for point in room.trail] == sorted({point.ranked for point in room.trail})
    few, many = room.trail[3].weights["cost"], room.trail[-1].weights["cost"]
    assert many.high - many.low < 0.5 * (few.high - few.low)
    assert many.low > 0
    assert not room.entangled


def test_a_phone_that_changes_its_mind_counts_once(room: Heard) -> None:
    room.take([said(room, 1, ("t0", "t1", "t2", "t3"))])
    room.take([replace(said(room, 1, ("t1", "t0", "t2", "t3")), id="k2", supersedes="k1")])
    firsts = {one.label: one.first for one in room.tally}
    assert room.ranked == 1
    assert firsts[next(a.label for a in room.ballot.alternatives if a.trajectory == "t1")] == 1
    assert len(room.trail) == 1


def test_a_correction_that_is_heard_first_stands(room: Heard) -> None:
    room.take([replace(said(room, 1, ("t1", "t0", "t2", "t3")), id="k2", supersedes="k1")])
    room.take([said(room, 1, ("t0", "t1", "t2", "t3"))])
    first = next(one.label for one in room.tally if one.first == 1)
    assert (room.ranked, room.ballot.trajectory(first)) == (1, "t1")


def test_what_others_say_of_the_ballot_is_not_the_audience(room: Heard) -> None:
    room.take([said(room, 1, ("t0", "t1", "t2", "t3"), annotator="ann")])
    assert (room.ranked, len(room.known), room.fit) == (0, 1, None)


def test_rankings_that_come_at_once_leave_the_trail_that_each_would(room: Heard) -> None:
    room.take([said(room, number, ("t1", "t0", "t2", "t3")) for number in range(50)])
    assert [point.ranked for point in room.trail] == [1, 2, 3, 5, 8, 12, 18, 27, 40, 50]


def test_where_all_are_right_nothing_is_told_of_accuracy() -> None:
    alike = heard(solved(0, "0.02", 1.0), solved(1, "0.01", 1.0))
    alike.take([said(alike, 1, ("t1", "t0"))])
    assert set(alike.trail[-1].weights) == {"cost"}
    assert not alike.entangled


def test_weights_that_two_alternatives_cannot_tell_apart_are_said_to_be_entangled() -> None:
    two = heard(solved(0, "0.02", 1.0), solved(1, "0.01", 3.0))
    two.take([said(two, 1, ("t1", "t0"))])
    assert two.entangled

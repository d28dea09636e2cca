"""An audience as the stage shows it, and its ballot as a phone does. Words are formatted here."""

from collections.abc import Mapping
from typing import Final

from orchestrator.pool import Pool
from orchestrator.trajectory import Trajectory
from prefs.audience import Audience
from prefs.ballot import Ballot
from prefs.fit.result import Estimate
from prefs.tally import Tallied
from webapp.audience.phones import Seated
from webapp.audience.qr import qr
from webapp.audience.reach import Reach
from webapp.audience.standing import Point, Standing
from webapp.views import amounts, hiding
from webapp.views.calls import JsonObject
from webapp.views.words import WEIGHTS

MOST_CHARACTERS: Final = 4_000
"""Of the query and of each answer on a phone; nobody reads more during a talk, and a room loads it at once."""
NOBODY: Final = "not told yet: nobody has ranked"
HIDDEN: Final = "not told: phones do not show it"
SURELY: Final = "surely the greatest"
UNCERTAIN: Final = "Not certain yet that any weight is above 0: every interval is from 0 to 1."
ENTANGLED: Final = "These alternatives differ too alike: nobody can tell from them which of these weights it is."
UNTOLD: Final[Mapping[str, str]] = {
    "accuracy": "not told yet: no right answer was ranked beside a wrong one",
    "cost": "not told yet: nothing was ranked that differs in known dollars",
    "latency": "not told yet: nothing was ranked that differs in seconds",
}


def audience_view(audience: Audience, shown: Ballot, reach: Reach, *, is_open: bool) -> JsonObject:
    """What does not change while people rank."""
    address = reach.join_url(audience.code)
    code = qr(address)
    return {
        "id": audience.id,
        "code": audience.code,
        "run": audience.run,
        "ballot": shown.id,
        "labels": list(shown.labels),
        "hidden": list(shown.hidden),
        "made_at": audience.made_at.isoformat(),
        **_until(audience, is_open=is_open),
        "join_url": address,
        "shown_url": address.partition("://")[2],
        "qr": {"size": code.size, "path": code.path},
        "room": reach.room,
        "command": reach.command,
    }


def standing_view(standing: Standing, hidden: tuple[str, ...], *, is_open: bool) -> JsonObject:
    """What changes. Shares are 0 to 1; unknown is null. `hidden` is what phones do not show."""
    return {
        **_until(standing.audience, is_open=is_open),
        "joined": standing.joined,
        "ranked": standing.ranked,
        "rankings": standing.rankings,
        "alternatives": [_tallied(one) for one in standing.tally],
        "weights": {name: _weight(name, standing, hidden) for name in WEIGHTS},
        "doubt": _doubt(standing),
        "trail": [_point(one) for one in standing.trail],
        "sentence": sentence(standing),
    }


def sentence(standing: Standing) -> str:
    """All of it in a sentence or two, for those who do not see the chart."""
    if not standing.ranked:
        return f"{amounts.counted(standing.joined, 'phone')} here; nobody has ranked yet."
    first = max(one.first for one in standing.tally)
    best = [one.label for one in standing.tally if one.first == first]
    said = f"{standing.ranked:,} of {amounts.counted(standing.joined, 'phone')} ranked. "
    said += f"{' and '.join(best)} {'is' if len(best) == 1 else 'are each'} the first choice of {_share(first)}."
    if (doubt := _doubt(standing)) is not None:
        return f"{said} {doubt}"
    parts = (f"{WEIGHTS[name].lower()} {_words(one)}" for name, one in standing.weights.items())
    return f"{said} Learned weights: {'; '.join(parts)}."


def _doubt(standing: Standing) -> str | None:
    """Why the intervals are as wide as they are; `None` where that is plain."""
    if not standing.weights:
        return None
    if standing.entangled:
        return ENTANGLED
    return None if standing.certain else UNCERTAIN


def seated_view(seated: Seated, pool: Pool) -> JsonObject:
    """The ballot on a phone, and what this phone said of it."""
    hidden = frozenset(seated.ballot.hidden)
    shown = [(one.label, seated.trajectories[one.trajectory]) for one in seated.ballot.alternatives]
    answers = [trajectory.answer or hiding.state_words(trajectory, hidden) for _, trajectory in shown]
    if "identity" in hidden:
        answers = hiding.NamesHidden(seated.trajectories.values(), pool).of(answers)
    return {
        "code": seated.audience.code,
        "until": seated.audience.until.isoformat(),
        "query": _cut(seated.ballot.query),
        "items": [
            _item(label, trajectory, answer, hidden) for (label, trajectory), answer in zip(shown, answers, strict=True)
        ],
        "groups": None if seated.last is None else [list(group) for group in seated.last.groups],
        "number": seated.seat.number,
    }


def _item(label: str, trajectory: Trajectory, answer: str, hidden: frozenset[str]) -> JsonObject:
    return {
        "label": label,
        "answer": _cut(answer),
        "cost": None if "cost" in hidden else amounts.cost(trajectory.calls),
        "seconds": None if "latency" in hidden else amounts.seconds(trajectory.latency_s),
        "simulated": trajectory.simulated,
    }


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"


def _until(audience: Audience, *, is_open: bool) -> JsonObject:
    closed = None if audience.closed_at is None else audience.closed_at.isoformat()
    return {"until": audience.until.isoformat(), "closed_at": closed, "open": is_open}


def _tallied(one: Tallied) -> JsonObject:
    place = None if one.place is None else f"{one.place:.1f}"
    return {"label": one.label, "first": one.first, "first_words": _share(one.first), "place": place}


def _weight(name: str, standing: Standing, hidden: tuple[str, ...]) -> JsonObject:
    found = standing.weights.get(name)
    if found is None:
        why = HIDDEN if name in hidden else UNTOLD[name] if standing.ranked else NOBODY
        return {"title": WEIGHTS[name], "mean": None, "low": None, "high": None, "range": "", "words": why}
    between = SURELY if found.low > 0.995 else f"{found.low:.2f} – {found.high:.2f}"
    return {"title": WEIGHTS[name], **_estimate(found), "range": between, "words": _words(found)}


def _share(part: float) -> str:
    return f"{100 * part:.0f} %"


def _words(one: Estimate) -> str:
    return f"{one.mean:.2f} (95 %: {one.low:.2f} to {one.high:.2f})"


def _point(one: Point) -> JsonObject:
    return {"ranked": one.ranked, "weights": {name: _estimate(each) for name, each in one.weights.items()}}


def _estimate(one: Estimate) -> JsonObject:
    return {"mean": round(one.mean, 4), "low": round(one.low, 4), "high": round(one.high, 4)}

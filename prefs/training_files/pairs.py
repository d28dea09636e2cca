"""Rankings as pairs: one trajectory that was put above another, for pairwise losses."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prefs.judgement import Judgement
from prefs.reward import rewards
from prefs.training_files.chat import completion, prompt
from prefs.training_files.judged import Judged, Row, Tally
from prefs.training_files.options import FileOptions
from prefs.training_files.request import tools_json

TIED = "a pair that shares a group: a tie is no preference"
TRAY = "an alternative in the unranked tray: nothing was said of it"
NO_PAIR = "a ranking that puts none above another"
NO_REWARD = "a pair whose R is unknown: a trajectory is ungraded, or its query ran under several preference vectors"


@dataclass(frozen=True, slots=True)
class _Pair:
    """Places on the ballot, and what a pair weighs."""

    better: int
    worse: int
    weight: float
    margin: float | None


def implicit_rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """`chosen` and `rejected` as whole conversations; `tools` as JSON text, `weight`, ids and, if asked, `margin`."""
    return _rows(judged, options, tally, _implicit)


def explicit_rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """The same with `prompt` apart from `chosen` and `rejected`."""
    return _rows(judged, options, tally, _explicit)


def dpo_rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """Explicit pairs without `margin`."""
    for row in _rows(judged, options, tally, _explicit):
        row.pop("margin", None)
        yield row


def shared_prompt(judged: Judged) -> list[Row]:
    """The prompt of all alternatives; without a preference instruction where they ran under different ones."""
    return prompt(judged.trajectories[0], instruction_shown=judged.judgement.stated is not None)


def _rows(
    judged: Iterable[Judged],
    options: FileOptions,
    tally: Tally,
    texts: Callable[[Judged, _Pair, FileOptions], Row],
) -> Iterator[Row]:
    for one in judged:
        tally.rankings += 1
        tally.skip(TRAY, len(one.judgement.unranked))
        tools = None
        for pair in _pairs(one, options, tally):
            tools = tools or tools_json(one.trajectories, options)
            tally.rows += 1
            yield {**texts(one, pair, options), "tools": tools, **_beside(one.judgement, pair)}


def _implicit(one: Judged, pair: _Pair, options: FileOptions) -> Row:
    above = shared_prompt(one)
    return {
        side: [*above, *_completion(one, place, options)]
        for side, place in (("chosen", pair.better), ("rejected", pair.worse))
    }


def _explicit(one: Judged, pair: _Pair, options: FileOptions) -> Row:
    return {
        "prompt": shared_prompt(one),
        "chosen": _completion(one, pair.better, options),
        "rejected": _completion(one, pair.worse, options),
    }


def _completion(one: Judged, place: int, options: FileOptions) -> list[Row]:
    return completion(one.trajectories[place], cost_shown=options.cost_shown, latency_shown=options.latency_shown)


def _beside(judgement: Judgement, pair: _Pair) -> Row:
    """What tells where a pair comes from. TRL drops columns that it does not know; `margin` it does."""
    return {
        "weight": pair.weight,
        **({} if pair.margin is None else {"margin": pair.margin}),
        "ranking": judgement.ranking,
        "ballot": judgement.ballot,
        "annotator": judgement.annotator,
        "chosen_trajectory": judgement.candidates[pair.better].trajectory,
        "rejected_trajectory": judgement.candidates[pair.worse].trajectory,
    }


def _pairs(one: Judged, options: FileOptions, tally: Tally) -> Iterator[_Pair]:
    ranked = sum(len(group) for group in one.judgement.groups)
    if ranked < 2:
        tally.skip(NO_PAIR)
        return
    weight = 1 / math.comb(ranked, 2)
    levels = _levels(one, options)
    for comparison in one.judgement.comparisons():
        if comparison.tied and not options.ties:
            tally.skip(TIED)
            continue
        ways = [(comparison.better, comparison.worse)]
        if comparison.tied:
            ways.append((comparison.worse, comparison.better))
        for better, worse in ways:
            margin = None if levels is None else _difference(levels[better], levels[worse])
            if levels is not None and margin is None:
                tally.skip(NO_REWARD)
            else:
                yield _Pair(better, worse, weight / len(ways), margin)


def _levels(one: Judged, options: FileOptions) -> Sequence[float | None] | None:
    """What each place is worth, the differences of which are margins; `None` where no margin is wanted."""
    if options.margin == "none":
        return None
    judgement = one.judgement
    if options.margin == "rank":
        steps = max(len(judgement.groups) - 1, 1)
        level = {place: -number / steps for number, group in enumerate(judgement.groups) for place in group}
        return [level.get(place) for place in range(len(one.trajectories))]
    preference = options.preference or judgement.stated
    if preference is None:
        return [None] * len(one.trajectories)
    return [reward.value for reward in rewards(one.trajectories, preference)]


def _difference(better: float | None, worse: float | None) -> float | None:
    return None if better is None or worse is None else better - worse

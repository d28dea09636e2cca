"""Gold pairs: one trajectory dominates another, so that attentive people need not be told which is better.

The same answer, strictly dearer and strictly slower. They come free with the ballots and are nobody's trick question.
They are fair only where cost and latency were shown, and to people who do not wish for a certain alias.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations
from typing import Final

from prefs.agreement.measured import Measured, guarded, missing, share
from prefs.agreement.shared_ballot import in_order, positions
from prefs.judgement import Candidate, Judgement

_QUOTES: Final = re.compile(r'"([^"]*)"|[`“”„‘‚«»‹›]')
"""In pairs where they are straight: 5" are inches, and f' is a derivative."""
_END: Final = ".,;:? "
"""What may end a sentence, beside an exclamation mark."""


class Sameness(StrEnum):
    """In what the two trajectories of a gold pair are equal."""

    ANSWER = "same answer"
    SOLVED = "both solved"
    UNSOLVED = "both unsolved"


FAIR: Final = frozenset((Sameness.ANSWER, Sameness.SOLVED))
"""Two different wrong answers may be wrong to different degrees, so they test nobody unless that is asked for."""


@dataclass(frozen=True, slots=True)
class GoldPair:
    """Places on the ballot: `better` dominates `worse`."""

    better: int
    worse: int
    same: Sameness


@dataclass(frozen=True, slots=True)
class GoldRate:
    """How the gold pairs of a person, or of all, came out. A ranking counts once, however many pairs it has."""

    annotator: str | None
    """`None` for all together."""
    passed: int
    """Rankings with a gold pair in the right order and none in the wrong one."""
    failed: int
    """Rankings with a gold pair in the wrong order."""
    unsaid: int
    """Rankings that tied or left out every gold pair: neither passed nor failed."""
    rate: Measured
    """passed / (passed + failed), with Wilson's interval."""


def gold_pairs(candidates: Sequence[Candidate], fair: Iterable[Sameness] = FAIR) -> tuple[GoldPair, ...]:
    """Every pair of one ballot of which one dominates. An unknown cost dominates nothing."""
    wanted = frozenset(fair)
    texts = [normalised_answer(one.answer) for one in candidates]
    found = []
    for better, worse in permutations(range(len(candidates)), 2):
        if _cheaper_and_quicker(candidates[better], candidates[worse]):
            same = _sameness(
                candidates[better], candidates[worse], bool(texts[better]) and texts[better] == texts[worse]
            )
            if same is not None and same in wanted:
                found.append(GoldPair(better, worse, same))
    return tuple(found)


def gold_rates(judgements: Iterable[Judgement], fair: Iterable[Sameness] = FAIR) -> tuple[GoldRate, ...]:
    """All together first, then by annotator. Give it only judgements of ballots that showed cost and latency."""
    wanted = frozenset(fair)
    by_person: dict[str, list[bool | None]] = {}
    for one in in_order(judgements):
        if pairs := gold_pairs(one.candidates, wanted):
            by_person.setdefault(one.annotator, []).append(_passes(one, pairs))
    everybody = [verdict for of in by_person.values() for verdict in of]
    return (_rate(None, everybody), *(_rate(person, of) for person, of in sorted(by_person.items())))


def normalised_answer(answer: str | None) -> str:
    """The answer in one case, words one space apart, without quotes and the end of a sentence; empty without an answer.

    Every other sign stays: x < 3 is not x > 3, √2 is not 2, and nobody should fail for having seen that.
    """
    folded = unicodedata.normalize("NFC", answer or "").casefold()
    text = " ".join(_QUOTES.sub(r" \1 ", folded).split())
    bare = text.rstrip(_END + "!")
    return bare if len(bare) > 1 and bare[-2:].isalpha() else text.rstrip(_END)  # 5! and n! are factorials


def _sameness(one: Candidate, other: Candidate, same_text: bool) -> Sameness | None:
    outcomes = {one.features.outcome, other.features.outcome}
    if len(outcomes - {None}) > 1:
        return None
    if same_text:
        return Sameness.ANSWER
    if outcomes == {1}:
        return Sameness.SOLVED
    return Sameness.UNSOLVED if outcomes == {0} else None


def _cheaper_and_quicker(one: Candidate, other: Candidate) -> bool:
    usd, other_usd = one.features.cost_usd, other.features.cost_usd
    return (
        usd is not None
        and other_usd is not None
        and usd < other_usd
        and one.features.latency_s < other.features.latency_s
    )


def _passes(judgement: Judgement, pairs: Sequence[GoldPair]) -> bool | None:
    """`None` where nothing was said of any pair."""
    ranks, names = positions(judgement), [candidate.trajectory for candidate in judgement.candidates]
    gaps = [
        ranks[names[pair.worse]] - ranks[names[pair.better]]
        for pair in pairs
        if names[pair.worse] in ranks and names[pair.better] in ranks
    ]
    if any(gap < 0 for gap in gaps):
        return False
    return True if any(gap > 0 for gap in gaps) else None


def _rate(annotator: str | None, verdicts: Sequence[bool | None]) -> GoldRate:
    passed, failed, unsaid = (sum(one is kind for one in verdicts) for kind in (True, False, None))
    said = passed + failed
    if not said:
        return GoldRate(annotator, 0, 0, unsaid, missing("No gold pair was put in an order."))
    rate = guarded(Measured(passed / said, share(passed / said, said), said), said)
    return GoldRate(annotator, passed, failed, unsaid, rate)

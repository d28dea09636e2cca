"""What the rankings of a database teach: P as people revealed it, ready to be used as a reward."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prefs.fit.choices import why_left_out
from prefs.fit.preference import fit
from prefs.fit.result import PreferenceFit
from prefs.judgement import Judgement
from prefs.spread import Spread, typical_spread
from storage.store import Store

LEAST: Final = 20
"""Usable rankings below which nothing is trained on them; chosen so that the intervals of a fit say something."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The fit of all current rankings, and how far apart their alternatives lay."""

    fit: PreferenceFit
    spread: Spread


def learned(store: Store) -> Learned:
    """From the current rankings of a store; raises ValueError where they are too few or say nothing."""
    judgements: list[Judgement] = list(store.iter_judgements())
    usable = sum(why_left_out(judgement) is None for judgement in judgements)
    if usable < LEAST:
        others = f" that can be used, of {len(judgements)}," if usable < len(judgements) else ","
        raise ValueError(
            f"there are {usable} rankings{others} and a reward is learned from {LEAST} or more: rank more ballots, "
            'or give the weights yourself, such as --reward \'{"accuracy": 1, "cost": 0.5}\''
        )
    found, spread = fit(judgements, aliases=stated_aliases(judgements)), typical_spread(judgements)
    if found.preference is None:
        raise ValueError("these rankings favour nothing that can be weighed: no weight of P is above 0")
    if spread is None:
        raise ValueError("no ballot has alternatives that differ in known dollars and in seconds")
    return Learned(found, spread)


def stated_aliases(judgements: Iterable[Judgement]) -> tuple[str, ...]:
    """The aliases that anybody asked to favour where these were ranked: those get a weight in the fit.

    A weight for each alias that was called takes so many rankings that the main weights would be lost in it.
    """
    preferences = {candidate.preference for judgement in judgements for candidate in judgement.candidates}
    return tuple(sorted({alias for one in preferences for alias, weight in one.tools.items() if weight > 0}))

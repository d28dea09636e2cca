"""What the rankings of each group of people or queries reveal, a fit for each group by itself."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.preference import PreferenceVector
from prefs.fit.choices import Choices
from prefs.fit.estimation import PRIOR_SD, fitted, scaled_fit
from prefs.fit.result import ScaledFit
from prefs.judgement import Judgement

LEAST_RANKINGS: Final = 10
"""With fewer usable rankings nothing is said of a group."""


@dataclass(frozen=True, slots=True)
class GroupFit:
    """One group's rankings and what they reveal."""

    name: str
    fit: ScaledFit | None
    """`None` with too few usable rankings."""
    rankings: int
    """That can be used."""
    left_out: int
    annotators: int
    stated: PreferenceVector | None
    """P that all of what was ranked ran under; `None` where it varied."""


def group_fits(
    judgements: Iterable[Judgement],
    groups_of: Callable[[Judgement], Iterable[str]],
    *,
    aliases: Sequence[str] | None = None,
    least: int = LEAST_RANKINGS,
) -> tuple[GroupFit, ...]:
    """A fit for each group, the one with the most rankings first. A ranking may be in several groups, or in none."""
    found: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        for name in groups_of(judgement):
            found.setdefault(name, []).append(judgement)
    fits = [_fit(name, own, aliases, least) for name, own in found.items()]
    return tuple(sorted(fits, key=lambda one: (-one.rankings, one.name)))


def _fit(name: str, own: Sequence[Judgement], aliases: Sequence[str] | None, least: int) -> GroupFit:
    choices = Choices("ballot", ("position",), aliases)
    choices.extend(own)
    usable = choices.rankings
    stated = {judgement.stated for judgement in own}
    return GroupFit(
        name,
        scaled_fit(choices, fitted(choices, PRIOR_SD), "auto") if usable >= max(least, 1) else None,
        usable,
        len(own) - usable,
        len({judgement.annotator for judgement in own}),
        next(iter(stated)) if len(stated) == 1 else None,
    )

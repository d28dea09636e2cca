"""Stated and revealed weights side by side: what the sliders said, and what rankings of the resulting runs say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.preference import PreferenceVector
from prefs.features import weights
from prefs.fit.choices import Choices
from prefs.fit.estimation import PRIOR_SD, fitted, scaled_fit
from prefs.fit.result import ScaledFit, StatedAndRevealed
from prefs.fit.sandwich import Kind
from prefs.fit.scaling import Covariate
from prefs.judgement import Judgement

LEAST_RANKINGS: Final = 10
"""With fewer usable rankings of one stated P, nothing is said of what they reveal."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """What the rankings of runs under one stated P reveal."""

    stated: PreferenceVector
    fit: ScaledFit
    rankings: int

    @property
    def weights(self) -> tuple[StatedAndRevealed, ...]:
        """Weight by weight; the stated ones are scaled so that the greatest is 1, as the revealed ones are."""
        said = weights(self.stated)
        top = max(said.values(), default=0.0) or 1.0
        return tuple(StatedAndRevealed(name, said.get(name, 0.0) / top, one) for name, one in self.fit.weights.items())


def stated_and_revealed(
    judgements: Sequence[Judgement],
    *,
    aliases: Sequence[str] | None = None,
    covariates: Sequence[Covariate] = ("position",),
    clustering: Kind = "auto",
    prior_sd: float = PRIOR_SD,
) -> tuple[Revealed, ...]:
    """A fit for each stated P that enough judgements share, the most used first.

    Judgements whose alternatives ran under different preference vectors state nothing and are left out.
    """
    shared: dict[PreferenceVector, list[Judgement]] = {}
    for judgement in judgements:
        if judgement.stated is not None:
            shared.setdefault(judgement.stated, []).append(judgement)
    found = []
    for stated, own in shared.items():
        choices = Choices("ballot", covariates, aliases)
        choices.extend(own)
        if choices.rankings >= LEAST_RANKINGS:
            fit = scaled_fit(choices, fitted(choices, prior_sd), clustering)
            found.append(Revealed(stated, fit, choices.rankings))
    return tuple(sorted(found, key=lambda one: (-one.rankings, repr(one.stated))))

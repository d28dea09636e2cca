"""The fit of the preference vector from rankings. `prefs.fit.result` says what the figures mean."""

from collections.abc import Sequence

import numpy as np

from prefs.fit.choices import Choices
from prefs.fit.estimation import PRIOR_SD, Fitted, covariance_of, fitted, identified, scaled_fit
from prefs.fit.gate import outcome_gate
from prefs.fit.held_out import FOLDS, held_out
from prefs.fit.result import Estimate, PreferenceFit, WillingnessToPay
from prefs.fit.sandwich import Covariance, Kind
from prefs.fit.scaling import LEAST_S, LEAST_USD, Covariate
from prefs.judgement import Judgement


def fit(
    judgements: Sequence[Judgement],
    *,
    aliases: Sequence[str] | None = None,
    covariates: Sequence[Covariate] = ("position",),
    clustering: Kind = "auto",
    prior_sd: float = PRIOR_SD,
    folds: int = FOLDS,
) -> PreferenceFit:
    """P with intervals, in both scalings, from rankings of which none supersedes another.

    `aliases` get a weight each; every alias that was used, where nothing is said. `folds` of 0 leaves out the held-out
    accuracy, which takes most of the time. Raises ValueError where no ranking can be used.
    """
    ballot = Choices("ballot", covariates, aliases)
    absolute = Choices("absolute", covariates, aliases)
    numbers = ballot.extend(judgements)
    absolute.extend(judgements)
    used = [judgement for judgement, number in zip(judgements, numbers, strict=True) if number is not None]
    ours, theirs = fitted(ballot, prior_sd), fitted(absolute, prior_sd)
    return PreferenceFit(
        ballot=scaled_fit(ballot, ours, clustering),
        absolute=scaled_fit(absolute, theirs, clustering),
        willingness_to_pay=willingness_to_pay(used, theirs, covariance_of(absolute, theirs, clustering)),
        rankings=ballot.rankings,
        comparisons=ballot.comparisons,
        left_out=dict(sorted(ballot.left_out.items())),
        pair_accuracy=held_out(
            (ballot, ours), (absolute, theirs), clustering=clustering, folds=folds, prior_sd=prior_sd
        ),
        gate=outcome_gate(judgements, clustering),
    )


def willingness_to_pay(
    judgements: Sequence[Judgement], found: Fitted, covariance: Covariance
) -> WillingnessToPay | None:
    """At the geometric means of these rankings' candidates; `None` without rankings."""
    shown = [candidate.features for judgement in judgements for candidate in judgement.candidates]
    if not shown:
        return None
    usd = float(np.exp(np.mean(np.log([max(float(one.cost_usd or 0), LEAST_USD) for one in shown]))))
    seconds = float(np.exp(np.mean(np.log([max(one.latency_s, LEAST_S) for one in shown]))))
    places = {name: found.kept.names.index(name) for name in ("accuracy", "cost", "latency")}
    known = identified(found)
    cost = covariance.estimate(float(found.free.theta[places["cost"]]), np.eye(found.kept.count)[places["cost"]])
    if cost.low <= 0 or not known[places["cost"]]:
        return WillingnessToPay(None, None, usd, seconds)

    def dollars(name: str, factor: float) -> Estimate | None:
        if not known[places[name]]:
            return None
        one = covariance.ratio(found.free.theta, places[name], places["cost"])
        return Estimate(one.mean * factor, one.low * factor, one.high * factor)

    return WillingnessToPay(dollars("accuracy", usd), dollars("latency", usd / seconds), usd, seconds)

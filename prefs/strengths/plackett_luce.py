"""Plackett–Luce strengths of ranked items, with ties after Davidson and Luce."""

from prefs.strengths.connection import check_connected
from prefs.strengths.newton import Likelihood
from prefs.strengths.orders import Orders
from prefs.strengths.plain_choice import PlainChoices
from prefs.strengths.strength import RESAMPLES, Resampled, Strengths, estimated, resampled
from prefs.strengths.tied_choice import TiedChoices, few_sets


def plackett_luce(seen: Orders, *, prior_sd: float | None = None, intervals: bool = True) -> Strengths:
    """Strengths of the ranked items, with a sandwich over the rankings' clusters.

    Rankings may leave items out; ties have probabilities of their own. `prior_sd`: standard deviation of a normal
    prior around 0 on strengths and log δ; `None` is no prior. Raises NoEstimate where no finite strengths are best.
    """
    if prior_sd is None:
        check_connected(seen.names, seen.beats())
    likelihood = choices(seen)
    return estimated(seen.names, likelihood, tie_sizes(likelihood), prior_sd, seen.clusters, intervals=intervals)


def plackett_luce_bootstrap(seen: Orders, strengths: Strengths, *, times: int = RESAMPLES, seed: int = 0) -> Resampled:
    """Strengths of resampled rankings, under the prior of the strengths given."""
    return resampled(strengths, choices(seen), len(seen), seen.clusters, times=times, seed=seed)


def choices(seen: Orders) -> Likelihood:
    """The likelihood in the form that is fastest for these rankings."""
    return TiedChoices(seen) if seen.leads is not None or few_sets(seen) else PlainChoices(seen)


def tie_sizes(likelihood: Likelihood) -> tuple[int, ...]:
    """Sizes of the groups that tie; empty where none do."""
    return likelihood.sizes if isinstance(likelihood, TiedChoices) else ()

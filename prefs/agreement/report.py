"""All figures of agreement together."""

from collections.abc import Iterable
from dataclasses import dataclass

from prefs.agreement.alpha import ordinal_alpha
from prefs.agreement.annotator import AnnotatorAgreement, leave_one_out
from prefs.agreement.ceiling import NoiseCeiling, SelfConsistency, noise_ceiling, self_consistency
from prefs.agreement.concordance import Concordances, concordances
from prefs.agreement.gold import GoldRate, gold_rates
from prefs.agreement.measured import ENOUGH_RANKINGS, Measured
from prefs.judgement import Judgement


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """How far the people behind some rankings agree."""

    rankings: int
    annotators: int
    w: Concordances
    alpha: Measured
    leave_one_out: tuple[AnnotatorAgreement, ...]
    gold: tuple[GoldRate, ...]
    """All together first; only of rankings that saw cost and latency."""
    ceiling: NoiseCeiling
    consistency: tuple[SelfConsistency, ...]
    """All together first."""

    @property
    def warning(self) -> str | None:
        """What to say above the figures; `None` where there are rankings enough."""
        if self.rankings >= ENOUGH_RANKINGS:
            return None
        return f"{self.rankings} rankings are few; figures of agreement settle from {ENOUGH_RANKINGS} on."


def agreement_report(judgements: Iterable[Judgement], seed: int = 0) -> AgreementReport:
    """Every figure. Only who saw cost and latency is held against gold pairs, which differ in nothing else."""
    every = tuple(judgements)
    seeing = [one for one in every if not {"cost", "latency"} & set(one.hidden)]
    return AgreementReport(
        len(every),
        len({one.annotator for one in every}),
        concordances(every, seed),
        ordinal_alpha(every, seed),
        leave_one_out(every, seed),
        gold_rates(seeing),
        noise_ceiling(every, seed),
        self_consistency(every, seed),
    )

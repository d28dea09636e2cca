"""What the statistics say of a data set, in the words of a data card. What cannot be computed says why."""

from collections.abc import Iterator, Sequence
from statistics import median

from prefs.agreement.annotator import AnnotatorAgreement
from prefs.agreement.measured import Measured
from prefs.agreement.report import agreement_report
from prefs.judgement import Judgement


def agreement(judgements: Sequence[Judgement]) -> Iterator[str]:
    """How far people agree, and how many of those who saw cost and latency pass where one alternative dominates."""
    found = agreement_report(judgements)
    yield f"Kendall's W over all ballots, 0 chance to 1 the same order: {_measured(found.w.overall.w)}"
    yield f"Krippendorff's α, ordinal: {_measured(found.alpha)}"
    ceiling = _measured(found.ceiling.agreement, ".1%")
    yield f"pairs that another annotator orders the same way (the noise ceiling): {ceiling}"
    yield f"Kendall's τ of each annotator with the others: {_taus(found.leave_one_out)}"
    gold = found.gold[0]
    counts = f"{gold.passed:,} passed, {gold.failed:,} failed, {gold.unsaid:,} said nothing of them"
    yield f"gold pairs (same result, dearer and slower): {_measured(gold.rate, '.1%')}; {counts}"


def _taus(annotators: Sequence[AnnotatorAgreement]) -> str:
    known = sorted(one.tau.value for one in annotators if one.tau.value is not None)
    if not known:
        return "not enough data: nobody ranked what others ranked"
    return f"median {median(known):.3f}, from {known[0]:.3f} to {known[-1]:.3f}, of {len(known):,} annotators"


def _measured(figure: Measured, form: str = ".3f") -> str:
    if figure.value is None:
        return f"not enough data: {figure.note}"
    told = f"{figure.value:{form}}"
    if figure.interval is not None:
        told += f" (95 % interval {figure.interval.low:{form}} to {figure.interval.high:{form}})"
    return f"{told}. {figure.note}" if figure.note else told


def fitted(judgements: Sequence[Judgement]) -> Iterator[str]:
    """The position effect and the outcome gate."""
    from prefs.fit.preference import fit  # noqa: PLC0415 - scipy takes a part of a second to import
    from prefs.fit.result import Estimate  # noqa: PLC0415

    def told(estimate: Estimate, form: str) -> str:
        return f"{estimate.mean:{form}} (95 % interval {estimate.low:{form}} to {estimate.high:{form}})"

    try:
        found = fit(judgements)
    except ValueError as error:
        yield f"position effect: not estimated, {error}"
        return
    position = found.ballot.position
    if position is None:
        yield "position effect: not estimated, the places do not tell the alternatives apart"
    else:
        yield f"position effect, utility of the first place over the last: {told(position, '+.3f')}"
    gate = found.gate
    if gate.wrong_above is None:
        yield "a wrong answer above a right one: no ranked pair has both"
    else:
        yield f"a wrong answer above a right one: {told(gate.wrong_above, '.1%')} of {gate.pairs:,} pairs"

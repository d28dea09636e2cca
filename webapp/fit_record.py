"""The JSON of a fit with its agreement, the same over HTTP and on the command line. Unknown is null."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from prefs.agreement.measured import Measured
from prefs.agreement.report import AgreementReport, agreement_report
from prefs.bootstrap import Interval
from prefs.fit.annotators import annotator_fits
from prefs.fit.preference import fit
from prefs.fit.result import Estimate, PreferenceFit, ScaledFit
from prefs.fit.scaling import COVARIATES
from prefs.fit.stated import Revealed, stated_and_revealed
from prefs.judgement import Judgement
from prefs.strengths.leaderboard import Leaderboard, leaderboard

Json = dict[str, Any]
MOST_FOR_FLIPS: Final = 2_000
"""Rankings up to which it is looked for how few of them decide a row of the leaderboard."""


def fit_record(judgements: Sequence[Judgement], aliases: Sequence[str] | None, *, names: bool = False) -> Json:
    """Everything that the rankings say. `names` tells annotators apart by name; otherwise they are only counted.

    Raises ValueError where no ranking can be used.
    """
    found, agreed = fit(judgements, aliases=aliases), agreement_report(judgements)
    accuracy = found.pair_accuracy.ballot
    return {
        "weights": _estimates(found.weights),
        "beta": _estimate(found.beta),
        "rankings": found.rankings,
        "annotators": found.annotators,
        "pair_accuracy": {
            **_estimate(accuracy),
            "absolute": _estimate(found.pair_accuracy.absolute),
            "pairs": found.pair_accuracy.pairs,
            "better": found.pair_accuracy.better,
        },
        "noise_ceiling": _ceiling(agreed, None if accuracy is None else accuracy.mean),
        "agreement": _agreement(agreed, names=names),
        "comparisons": found.comparisons,
        "left_out": dict(found.left_out),
        "scalings": {"ballot": _scaled(found.ballot), "absolute": _scaled(found.absolute)},
        "willingness_to_pay": _pay(found),
        "wrong_above_right": {"pairs": found.gate.pairs, **_estimate(found.gate.wrong_above)},
        "stated_and_revealed": [_revealed(one) for one in stated_and_revealed(judgements, aliases=aliases)],
        "people": _people(judgements, aliases, names=names),
        "policies": _policies(leaderboard(judgements, flips=len(judgements) <= MOST_FOR_FLIPS)),
        "intervals": {
            "level": 0.95,
            "method": f"sandwich, {found.ballot.clustering.kind} clusters, and no narrower than the model's own",
            "about": found.ballot.clustering.about,
        },
        "notes": [*notes(found.ballot), *_chance(agreed)],
    }


def notes(found: ScaledFit) -> Iterator[str]:
    """What the weights cannot say, in whole sentences."""
    untold = [name for name in found.unidentified if name not in (*COVARIATES, "line") and "tie of" not in name]
    if "accuracy" in untold:
        yield "Nothing can be said of accuracy: on no ballot was a right answer ranked beside a wrong one."
        untold.remove("accuracy")
    if untold:
        yield f"Nothing can be said of {', '.join(untold)}: on no ballot do the ranked alternatives differ in it."
    if found.weights and found.beta.low <= 0:
        yield "It is not certain yet that any weight is above 0; more rankings, of more ballots, would tell."
    yield f"The intervals speak of {found.clustering.about}."


def _chance(agreed: AgreementReport) -> Iterator[str]:
    """W is no share: two people who order things at random have 0.5."""
    if agreed.w.overall.by_chance is not None:
        yield f"Kendall's W would be {agreed.w.overall.by_chance:.2f} if people ordered independently of each other."


def _scaled(found: ScaledFit) -> Json:
    return {
        "free": _estimates(found.free),
        "covariates": _estimates(found.covariates),
        "line": _estimate(found.line),
        "ties": {str(size): _estimate(one) for size, one in found.ties.items()},
        "unidentified": list(found.unidentified),
        "log_likelihood": found.log_likelihood,
    }


def _pay(found: PreferenceFit) -> Json | None:
    pay = found.willingness_to_pay
    if pay is None:
        return None
    return {
        "usd_per_solved": _estimate(pay.usd_per_solved),
        "usd_per_second": _estimate(pay.usd_per_second),
        "at_usd": pay.at_usd,
        "at_seconds": pay.at_seconds,
    }


def _revealed(one: Revealed) -> Json:
    return {
        "rankings": one.rankings,
        "weights": {each.name: {"stated": each.stated, **_estimate(each.revealed)} for each in one.weights},
    }


def _people(judgements: Sequence[Judgement], aliases: Sequence[str] | None, *, names: bool) -> Json | None:
    """The mean of people's own weights and how far they differ; `None` for one person alone."""
    try:
        found = annotator_fits(judgements, aliases=aliases)
    except ValueError:
        return None
    each = [
        ({"annotator": one.name} if names else {}) | {"rankings": one.rankings, "p": dict(one.p)} for one in found.each
    ]
    return {"weights": _estimates(found.p), "spread": dict(found.spread), "each": each}


def _policies(board: Leaderboard) -> Json:
    rows = [
        {
            "policy": row.policy,
            "rank": row.rank,
            "strength": {"mean": row.strength, **_ends(row.interval)},
            "rankings": row.rankings,
            "win_rate": row.win_rate,
            "part": row.part,
            "removed_to_flip": None
            if row.flip is None
            else {"rankings": _count(row.flip.rankings), "annotators": _count(row.flip.annotators)},
        }
        for row in board.rows
    ]
    return {"rows": rows, "notes": list(board.notes)}


def _count(removed: Sequence[str] | None) -> int | None:
    return None if removed is None else len(removed)


def _ceiling(agreed: AgreementReport, accuracy: float | None) -> Json:
    attainable = agreed.ceiling.attainable
    return {
        **_measured(agreed.ceiling.agreement),
        "comparisons": agreed.ceiling.comparisons,
        "attainable": None if attainable is None else {"low": attainable.low, "high": attainable.high},
        "reading": None if accuracy is None else agreed.ceiling.reading(accuracy),
    }


def _agreement(agreed: AgreementReport, *, names: bool) -> Json:
    taus: Iterable[Json] = (
        ({"annotator": one.annotator} if names else {}) | _measured(one.tau) for one in agreed.leave_one_out
    )
    return {
        "kendall_w": {**_measured(agreed.w.overall.w), "by_chance": agreed.w.overall.by_chance},
        "krippendorff_alpha": _measured(agreed.alpha),
        "leave_one_out_tau": list(taus),
        "gold": _measured(agreed.gold[0].rate) if agreed.gold else None,
        "warning": agreed.warning,
    }


def _measured(one: Measured) -> Json:
    return {"mean": one.value, **_ends(one.interval), "note": one.note}


def _ends(interval: Interval | None) -> Json:
    return {"low": None, "high": None} if interval is None else {"low": interval.low, "high": interval.high}


def _estimates(some: Mapping[str, Estimate]) -> Json:
    return {name: _estimate(one) for name, one in some.items()}


def _estimate(one: Estimate | None) -> Json:
    if one is None:
        return {"mean": None, "low": None, "high": None}
    return {"mean": one.mean, "low": one.low, "high": one.high}

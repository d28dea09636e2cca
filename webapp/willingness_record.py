"""What second looks say people would give up for a place, as JSON and in a sentence. Unknown is null, with a reason."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from prefs.fit.result import Estimate
from prefs.fit.willingness import Ratio, Willingness, own_willingness, willingness
from prefs.second_look import SecondLook
from webapp.views import amounts

Json = dict[str, Any]
METHOD: Final = (
    "Plackett–Luce with ties on places in the blind order, dollars and seconds; Fieller's 95 % intervals, "
    "{kind} clusters, no narrower than the model's own"
)
NONE: Final = "Nobody has looked at a ballot again after the reveal yet; a study with two_phases asks people to."
FLIPPED: Final = (
    "Once cost and time were shown, people turned {flipped} of {pairs} pairs round ({cheaper} towards the cheaper, "
    "{quicker} towards the quicker)."
)
PLACE: Final = "One place in their own order is worth {usd} and {seconds} to them."
PAID: Final = "{mean} ({low} to {high})"
AT_LEAST: Final = "{low} or more"
UNKNOWN: Final = "an unknown amount of {noun}"


def willingness_record(looks: Sequence[SecondLook], *, names: bool = False) -> Json:
    """Everything that these second looks say. `names` tells people apart by name; otherwise they are only counted."""
    found = willingness(looks)
    own = own_willingness(looks)
    return {
        "looks": found.flips.looks,
        "annotators": len(own),
        "used": found.used,
        "left_out": dict(found.left_out),
        "flips": asdict(found.flips),
        **_figures(found),
        "intervals": None
        if found.clustering is None
        else {
            "level": 0.95,
            "method": METHOD.format(kind=found.clustering.kind),
            "about": found.clustering.about,
        },
        "sentence": sentence(found),
        "each": [
            ({"annotator": one.annotator} if names else {})
            | {"flips": asdict(one.found.flips), "used": one.found.used}
            | _figures(one.found)
            for one in own
        ],
    }


def sentence(found: Willingness) -> str:
    """Flips, and what a place is worth, in words."""
    counted = found.flips
    if not counted.looks:
        return NONE
    said = FLIPPED.format(
        flipped=f"{counted.flipped:,}",
        pairs=f"{counted.pairs:,}",
        cheaper=f"{counted.to_cheaper:,}",
        quicker=f"{counted.to_quicker:,}",
    )
    usd, seconds = found.usd_per_place, found.seconds_per_place
    if usd.estimate is seconds.estimate is None and usd.at_least is seconds.at_least is None:
        return f"{said} What a place is worth is unknown: {usd.unknown}."
    return f"{said} {PLACE.format(usd=_words(usd, _dollars, 'money'), seconds=_words(seconds, _seconds, 'time'))}"


def _figures(found: Willingness) -> Json:
    ratios = {
        "usd_per_place": found.usd_per_place,
        "seconds_per_place": found.seconds_per_place,
        "usd_per_second": found.usd_per_second,
    }
    return {name: _ratio(one) for name, one in ratios.items()}


def _ratio(one: Ratio) -> Json:
    known = {"mean": None, "low": None, "high": None} if one.estimate is None else _ends(one.estimate)
    return {**known, "at_least": one.at_least, "unknown": one.unknown}


def _ends(one: Estimate) -> Json:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def _words(one: Ratio, said: Any, noun: str) -> str:
    if one.estimate is not None:
        ends = one.estimate
        return PAID.format(mean=said(ends.mean), low=said(ends.low), high=said(ends.high))
    return UNKNOWN.format(noun=noun) if one.at_least is None else AT_LEAST.format(low=said(one.at_least))


def _dollars(usd: float) -> str:
    sign = "−" if usd < 0 else ""
    return sign + amounts.dollars(abs(Decimal(f"{usd:.9f}")))


def _seconds(latency_s: float) -> str:
    return ("−" if latency_s < 0 else "") + amounts.seconds(abs(latency_s))

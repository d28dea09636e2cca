"""What a command line or an address asks of a training file, as the fields of FileOptions."""

from collections.abc import Mapping
from typing import Any, Final

from prefs.training_files import FORMATS
from storage.records import load_preference

SHOWN: Final = ("shown", "withheld")
_SHOWN_AS: Final = {"cost": "cost_shown", "latency": "latency_shown"}


def options(kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were asked for, by field; raises ValueError for one that the kind does not read.

    `cost` and `latency` are `shown` or `withheld`, `preference` is JSON; `None` was not asked for.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    reads = FORMATS[kind].options if kind in FORMATS else ()
    found = {}
    for name, value in given.items():
        field = _SHOWN_AS.get(name, name)
        if field not in reads:
            known = ", ".join(_asked_as(one) for one in reads if one != "pool")
            raise ValueError(f"{name} changes nothing in {kind}" + (f", which reads {known}" if known else ""))
        found[field] = _value(name, value)
    return found


def wants_pool(kind: str) -> bool:
    """Whether a kind describes a pool."""
    return kind in FORMATS and "pool" in FORMATS[kind].options


def _asked_as(field: str) -> str:
    return next((name for name, shown in _SHOWN_AS.items() if shown == field), field)


def _value(name: str, value: Any) -> Any:
    if name in _SHOWN_AS:
        if value not in SHOWN:
            raise ValueError(f"{name} must be {' or '.join(SHOWN)}, not {value!r}")
        return value == "shown"
    if name == "preference":
        try:
            return load_preference(value)
        except ValueError as error:
            raise ValueError(f"preference: {error}") from error
    return value

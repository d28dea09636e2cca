"""Damage to valid records: to their structure, to their values and to their bytes. The same seed, the same damage."""

import copy
import json
import math
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

Place = tuple[Any, Any]
"""A dict or list, and the key or index of a value in it."""

DEEP: Final = "@deep@"
_WRITTEN: Final[dict[str, str]] = {
    DEEP: "[" * 30_000 + "]" * 30_000,
    "@open@": '{"a":' * 3_000,
    "@1e400@": "1e400",
    "@-1e400@": "-1e400",
    "@digits@": "9" * 5_000,
    "@tiny@": "1e-400",
    "@NaN@": "NaN",
    "@Infinity@": "-Infinity",
    "@half@": '"\\ud83d"',
    "@halves@": '"\\udc00\\ud800 text"',
    "@nul@": '"\\u0000"',
    "@twice@": '{"id": "a", "id": "b", "format": 1, "format": 2}',
}
"""What stands in the text instead of the marker: JSON that `json.dumps` does not write."""
ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2, 3.5, -0.0, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**300, 1e308, 5e-324,
    "", " ", "\t\n", "a" * 5_000, "é" * 300, "\u202e\ufdfa\u0301", "null", "1", "-1", "1e5", "1_000", "٣", "NaN",
    "Infinity", "1e999999999", "1e-999999999", "-0", "0" * 400, "1" + "0" * 400, "2026-02-30", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-05-04T12:00:00",
    "10000-01-01T00:00:00Z", 253402300800, -62135596801, "answer-1", "search", "accuracy", "answered", "priced", "A",
    "reference", "../../etc/passwd", "'; drop table ranking; --", "<script>", "sha256:" + "0" * 64, "sha256:x",
    [], {}, [[]], [None], {"": None}, ["A", "A"], [["A"], ["A"]], {"a": {"a": {}}}, [0] * 300,
    *_WRITTEN,
)  # fmt: skip
_BYTES: Final = (
    b"", b"\x00", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b'"', b"\\", b"\\u",
    b"{", b"}", b"[", b"]", b",", b":", b"-", b"1e9", b"NaN", b"\r\n", b"\n", b"#", b"'''", b"=", b"[[",
    b"\xe2\x80\xa8",
)  # fmt: skip


def damaged_json(record: Any, chance: random.Random) -> bytes:
    """The JSON text of a record after one to three kinds of damage."""
    record = copy.deepcopy(record)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        record = _structure(record, chance)
    text = _text(record, chance)
    written = text.encode("utf-8", "surrogatepass")
    return damaged_bytes(written, chance) if chance.random() < 0.25 else written


def damaged_bytes(written: bytes, chance: random.Random) -> bytes:
    """A text with bytes cut off, inserted, doubled, exchanged or changed."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        at, until = sorted((chance.randrange(len(written) + 1), chance.randrange(len(written) + 1)))
        until = min(until, at + chance.choice((1, 4, 100_000)))
        kind = chance.randrange(6)
        if kind == 0:
            written = written[:at]
        elif kind == 1:
            written = written[:at] + chance.choice(_BYTES) + written[at:]
        elif kind == 2:
            written = written[:at] + written[until:]
        elif kind == 3:
            written = written[:until] + written[at:]
        elif kind == 4:
            written = written[:at] + chance.choice(_BYTES) + written[until:]
        else:
            written = written[:at] + bytes([chance.randrange(256)]) + written[at + 1 :]
    return written


def _structure(record: Any, chance: random.Random) -> Any:
    places = list(_places(record))
    if not places or chance.random() < 0.02:
        return copy.deepcopy(chance.choice(ODD))
    chance.choice(_DAMAGE)(chance.choice(places), places, chance)
    return record


def _places(value: Any) -> Iterator[Place]:
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(found):
        yield value, key
        yield from _places(inner)


def _replace(place: Place, places: list[Place], chance: random.Random) -> None:
    place[0][place[1]] = copy.deepcopy(chance.choice(ODD))


def _remove(place: Place, places: list[Place], chance: random.Random) -> None:
    del place[0][place[1]]


def _exchange(place: Place, places: list[Place], chance: random.Random) -> None:
    holder, key = chance.choice(places)
    place[0][place[1]] = copy.deepcopy(holder[key])


def _wrap(place: Place, places: list[Place], chance: random.Random) -> None:
    inner = place[0][place[1]]
    place[0][place[1]] = [inner] if chance.random() < 0.5 else {chance.choice(("id", "", "text")): inner}


def _rename(place: Place, places: list[Place], chance: random.Random) -> None:
    holder, key = place
    if isinstance(holder, dict):
        holder[chance.choice((f"{key}x", "", "id", "format", "__class__", "a" * 300))] = holder.pop(key)
    else:
        holder.insert(key, copy.deepcopy(holder[key]))


def _add(place: Place, places: list[Place], chance: random.Random) -> None:
    holder = place[0]
    odd = copy.deepcopy(chance.choice(ODD))
    if isinstance(holder, dict):
        holder[chance.choice(("extra", "cost_usd", "supersedes", "phase", "at", "__proto__"))] = odd
    else:
        holder.append(odd)


def _nudge(place: Place, places: list[Place], chance: random.Random) -> None:
    """A number or a text that is nearly what it was."""
    value = place[0][place[1]]
    if isinstance(value, bool) or value is None:
        place[0][place[1]] = not value
    elif isinstance(value, int | float):
        place[0][place[1]] = chance.choice((-value, value + 1, value * 1e9, value / 3, str(value), float(value)))
    elif isinstance(value, str):
        place[0][place[1]] = chance.choice((value[1:], value * 2, value.upper(), f"{value} ", value + "\x00"))


_DAMAGE: Final[tuple[Callable[[Place, list[Place], random.Random], None], ...]] = (
    _replace, _replace, _replace, _remove, _exchange, _wrap, _rename, _add, _nudge, _nudge,
)  # fmt: skip


def _text(record: Any, chance: random.Random) -> str:
    record = _finite(record)
    text = json.dumps(record, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, None, None, 1)))
    for marker, written in _WRITTEN.items():
        if marker in text:
            text = text.replace(f'"{marker}"', written, 1)
    return text


def _finite(value: Any) -> Any:
    """The same with markers for the numbers that went over the edge."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return "@Infinity@" if isinstance(value, float) and not math.isfinite(value) else value

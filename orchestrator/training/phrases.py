"""The phrases that say preferences, by what they tell: the data behind `wording`, read from `wordings.toml`."""

import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import combinations_with_replacement
from typing import Any, Final, Literal, get_args

from orchestrator.preference import DEGREES, Degree

Wish = Literal["accuracy", "cost", "latency"]
Says = tuple[tuple[Wish, Degree], ...]
Words = Mapping[str, Mapping[Wish, tuple[str, ...]]]

WISHES: Final[tuple[Wish, ...]] = get_args(Wish)
STRONGEST_FIRST: Final = DEGREES[::-1]


@dataclass(frozen=True, slots=True)
class Part:
    """One phrase and the degrees that it tells; a phrase that tells none names aliases."""

    text: str
    says: Says = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """A sentence of one degree for any wish, with the place {words}."""

    text: str
    words: Mapping[Wish, tuple[str, ...]]
    """What may stand for each wish."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A way of rating wishes in one breath: `lead`, then `item` once for each wish or each degree."""

    lead: str
    item: str
    """With the places {degree} and {words}."""
    degrees: Mapping[Degree, str]
    words: Mapping[Wish, tuple[str, ...]]
    """What may stand for each wish."""
    grouped: bool
    """Whether one item may name several wishes of the same degree."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """All phrases of the data."""

    told: Mapping[Says, tuple[Part, ...]]
    """Phrases by the degrees that they tell, wishes in the order accuracy, cost, latency."""
    frames: Mapping[Degree, tuple[Frame, ...]]
    pairs: Mapping[tuple[Degree, Degree], tuple[str, ...]]
    """Sentences for any two wishes, with the places {first} and {second}, by the degrees of these two."""
    nouns: Mapping[Wish, tuple[str, ...]]
    """What may stand in these places for each wish."""
    scales: tuple[Scale, ...]
    aliases: tuple[Part, ...]
    """Each with the place {aliases}."""
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    contractions: tuple[tuple[str, str], ...]


@functools.cache
def phrases() -> Phrases:
    """The phrases of `wordings.toml`, read once."""
    found = resources.files("orchestrator.training").joinpath("wordings.toml").read_text(encoding="utf-8")
    table = tomllib.loads(found)
    told: dict[Says, tuple[Part, ...]] = {}
    for wish in WISHES:
        for name in DEGREES:
            says: Says = ((wish, name),)
            told[says] = tuple(Part(text, says) for text in table[wish][name])
    for key, texts in table["joint"].items():
        says = joint_key(key)
        told[says] = tuple(Part(text, says) for text in texts)
    words = {kind: {wish: tuple(named[wish]) for wish in WISHES} for kind, named in table["words"].items()}
    return Phrases(
        told=told,
        frames={name: tuple(_frames(table["frames"], name, words)) for name in DEGREES},
        pairs={
            pair: tuple(table["pairs"][" ".join(pair)]) for pair in combinations_with_replacement(STRONGEST_FIRST, 2)
        },
        nouns=words["nouns"],
        scales=tuple(_scale(entry, words) for entry in table["scales"]),
        aliases=tuple(Part(text) for text in table["aliases"]["forms"]),
        openings=tuple(table["small_talk"]["openings"]),
        closings=tuple(table["small_talk"]["closings"]),
        contractions=tuple(table["contractions"].items()),
    )


def joint_key(key: str) -> Says:
    """The degrees in a key such as "accuracy great, cost little"; raises ValueError for any other key."""
    told = [tuple(pair.split()) for pair in key.split(", ")]
    says: Says = tuple((wish, name) for wish in WISHES for name in DEGREES if (wish, name) in told)
    if len(says) != len(told) or len({wish for wish, _ in says}) != len(says) or len(says) < 2:
        raise ValueError(f'write the joint key {key!r} like "accuracy great, cost little"')
    return says


def _frames(table: Mapping[str, Mapping[Degree, list[str]]], name: Degree, words: Words) -> Iterator[Frame]:
    for kind, by_degree in table.items():
        yield from (Frame(text, words[kind]) for text in by_degree[name])


def _scale(entry: Mapping[str, Any], words: Words) -> Scale:
    return Scale(
        lead=entry["lead"],
        item=entry["item"],
        degrees={name: entry[name] for name in DEGREES},
        words=words[entry["words"]],
        grouped=entry["grouped"],
    )

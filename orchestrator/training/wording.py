"""Preference vectors in many words, so that a policy learns what people mean and not how one sentence is spelt.

The phrases are data (`wordings.toml`): each is an independent clause that tells one degree of one wish, or two or
three at once. This module chooses phrases that fit a vector and sets them into one paragraph.
"""

import random
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from orchestrator.preference import Degree, PreferenceVector, degree, instruction
from orchestrator.training.phrases import STRONGEST_FIRST, WISHES, Part, Phrases, Says, Scale, Wish, phrases

_STANDARD_SHARE: Final = 0.3
_SCALE_SHARE: Final = 0.17
_PAIR_SHARE: Final = 0.13
_JOINT_SHARE: Final = 0.25
_FRAME_SHARE: Final = 0.4
_REPEATED_SHARE: Final = 0.2
_JOINERS: Final = (". ", ". ", ". ", ". ", "; ", ", and ", ", but ", " – ")


def worded(preference: PreferenceVector, dice: random.Random) -> str:
    """P in one random wording, on one line: about 30 % of the time the standard one. Empty only if P is all 0."""
    standard = instruction(preference)
    if not standard or dice.random() < _STANDARD_SHARE:
        return standard
    text = _paragraph(chosen_parts(preference, dice), dice)
    liked = liked_aliases(preference)
    if not liked:
        return text
    dice.shuffle(liked)
    return text.replace("{aliases}", _listed(liked, "or" if dice.random() < 0.4 else "and"))


def vocabulary() -> Iterator[str]:
    """Every phrase of the data, and its contracted form where it has one."""
    data = phrases()
    texts = [part.text for parts in (*data.told.values(), data.aliases) for part in parts]
    for scale in data.scales:
        words = [word for wish in WISHES for word in scale.words[wish]]
        texts += [scale.lead, scale.item, *scale.degrees.values(), *words]
    texts += [frame.text for frames in data.frames.values() for frame in frames]
    texts += [word for frame in data.frames["great"] for wish in WISHES for word in frame.words[wish]]
    texts += [text for sentences in data.pairs.values() for text in sentences]
    for text in dict.fromkeys([*texts, *data.openings, *data.closings]):
        yield text
        contracted = _contracted(text, data)
        if contracted != text:
            yield contracted


def liked_aliases(preference: PreferenceVector) -> list[str]:
    """The aliases with a weight above 0, sorted."""
    return [alias for alias, weight in preference.tools.items() if weight > 0]


def chosen_parts(preference: PreferenceVector, dice: random.Random) -> list[Part]:
    """Phrases that tell this vector, in a random order; a short text may tell one wish twice over."""
    data = phrases()
    wanted = _said(preference, dice)
    parts = _many_at_once(wanted, data, dice)
    told = {wish for part in parts for wish, _ in part.says}
    parts += [_single(pair, data, dice) for pair in wanted if pair[0] not in told]
    if wanted and len(parts) <= 2 and dice.random() < _REPEATED_SHARE:
        again = _single(dice.choice(wanted), data, dice)
        parts += [again] if again not in parts else []
    if liked_aliases(preference):
        parts.append(dice.choice(data.aliases))
    dice.shuffle(parts)
    return parts


def _said(preference: PreferenceVector, dice: random.Random) -> Says:
    """The degrees that this wording will tell."""
    said: list[tuple[Wish, Degree]] = []
    if preference.cost > 0 or dice.random() < 0.4:
        said.append(("cost", degree(preference.cost)))
    if preference.latency > 0 or dice.random() < 0.4:
        said.append(("latency", degree(preference.latency)))
    may_omit = preference.accuracy >= 0.5 and bool(said or liked_aliases(preference))
    if not (may_omit and dice.random() < 0.25):
        said.insert(0, ("accuracy", degree(preference.accuracy)))
    return tuple(said)


def _many_at_once(wanted: Says, data: Phrases, dice: random.Random) -> list[Part]:
    """At most one phrase that tells two or three of the wanted degrees together, or rates some on a scale."""
    roll = dice.random()
    if wanted and roll < _SCALE_SHARE:
        rated = dice.sample(wanted, dice.randint(1, len(wanted)))
        return [_rated(rated, dice.choice(data.scales), dice)]
    if len(wanted) < 2 or roll > _SCALE_SHARE + _PAIR_SHARE + _JOINT_SHARE:
        return []
    if roll < _SCALE_SHARE + _PAIR_SHARE:
        return [_compared(dice.sample(wanted, 2), data, dice)]
    keys = [key for size in (2, 3) for key in combinations(wanted, size) if key in data.told]
    return [dice.choice(data.told[dice.choice(keys)])] if keys else []


def _single(pair: tuple[Wish, Degree], data: Phrases, dice: random.Random) -> Part:
    """A phrase that tells only this degree of this wish."""
    if dice.random() >= _FRAME_SHARE:
        return dice.choice(data.told[(pair,)])
    wish, name = pair
    frame = dice.choice(data.frames[name])
    return Part(frame.text.replace("{words}", dice.choice(frame.words[wish])), (pair,))


def _compared(two: list[tuple[Wish, Degree]], data: Phrases, dice: random.Random) -> Part:
    """One sentence that sets two wishes against each other, the stronger one as the first."""
    (first, high), (second, low) = sorted(two, key=lambda pair: STRONGEST_FIRST.index(pair[1]))
    text = dice.choice(data.pairs[high, low])
    text = text.replace("{first}", dice.choice(data.nouns[first])).replace("{second}", dice.choice(data.nouns[second]))
    return Part(text, ((first, high), (second, low)))


def _rated(rated: list[tuple[Wish, Degree]], scale: Scale, dice: random.Random) -> Part:
    """The wishes on this scale; those of one degree under one word where the scale allows it."""
    together = scale.grouped and dice.random() < 0.7
    words: dict[tuple[Wish | None, Degree], list[str]] = {}
    for wish, name in rated:
        words.setdefault((None if together else wish, name), []).append(dice.choice(scale.words[wish]))
    items = [
        scale.item.replace("{words}", " and ".join(names)).replace("{degree}", scale.degrees[name])
        for (_, name), names in words.items()
    ]
    says: Says = tuple(pair for wish in WISHES for pair in rated if pair[0] == wish)
    return Part(scale.lead + (_listed(items, "and") if dice.random() < 0.6 else ", ".join(items)), says)


def _paragraph(parts: list[Part], dice: random.Random) -> str:
    """The phrases as sentences, now and then with small talk around them or with careless typing."""
    data = phrases()
    text = parts[0].text
    for part in parts[1:]:
        text = _joined(text, part.text, dice)
    if dice.random() < 0.5:
        text = _contracted(text, data)
    careless = dice.random()
    if text[-1] not in "?!" and not 0.03 <= careless < 0.07:
        text += "!" if 0.07 <= careless < 0.1 else "."
    text = _opened(text, data, dice)
    if text[-1] in ".?!" and dice.random() < 0.15:
        text += " " + dice.choice(data.closings)
    return text.lower() if careless < 0.05 else text


def _opened(text: str, data: Phrases, dice: random.Random) -> str:
    if dice.random() >= 0.18:
        return _capital(text)
    opening = dice.choice(data.openings)
    return f"{opening} {text if opening[-1] in ',:' else _capital(text)}"


def _joined(text: str, following: str, dice: random.Random) -> str:
    if text[-1] in "?!":
        return f"{text} {_capital(following)}"
    plain = not any(mark in following + text[-60:] for mark in ",:;–?") and len(following) < 70
    joiner = dice.choice(_JOINERS) if plain else ". "
    return text + joiner + (_capital(following) if joiner == ". " else following)


def _capital(text: str) -> str:
    """With a capital first letter; an alias keeps its own spelling."""
    return text[:1].upper() + text[1:]


def _contracted(text: str, data: Phrases) -> str:
    for long, short in data.contractions:
        text = text.replace(long, short)
    return text


def _listed(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"

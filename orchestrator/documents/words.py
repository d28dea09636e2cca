"""Words of queries and passages: tokens, stems, stop words, identifiers."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from orchestrator.documents.forms import first_form

_STOP_WORDS: Final = (
    "a about above after again all also am an and any anybody anyone are as ask at be because been "
    "before being both but by can cannot could describe did do does doing done down each else ever every "
    "explain few for from further gave get gets give given gives go goes got had has have having he "
    "her here him his how i if in into is it its itself just kind know let made make many may me "
    "might mine more most much must my no nor not of off on one or other our out over own please "
    "say says shall she should show so some such tell than that the their them then there these they "
    "thing this those through thus to too under until up upon us use used uses using very was way we "
    "were what whatever when where whether which while who whom whose why will with within without would "
    "you your"
)
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())
"""Words that say nothing about the subject of a question."""

_WORD = re.compile(r"[^\W_]+")
_IDENTIFIER = re.compile(r"\w+(?=\(\))|[^\W\d_]\w*(?:(?:\.|::)[^\W\d_]\w*)+|\w*[^\W_]_+\w+|__\w+__|\w+=\w+")
_NUMBERED = re.compile(r"\b[^\W\d_]{2,}[ -]\d[\d.]*\b")
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
_SECTION_NUMBER = re.compile(r"^\s*(?:\d+|[A-Z])(?:\.\d+)*\.?\s+(?=\S)")
_ARGUMENTS = re.compile(r"(?<=\w)[(\[].*$")
_QUOTED = re.compile(r"[\"“”`]([^\"“”`]{2,80})[\"“”`]")
_CAPITALISED = re.compile(r"((?:[A-Z][A-Za-z]+ ){1,5}[A-Z][A-Za-z]+)(?: - Version (\d))?")
"""Words such as `Post Office Protocol - Version 3`, which are known as POP and POP3."""
_VERSION = re.compile(r"\b([A-Z]{2,})(?:,? [Vv]ersion |v)(\d)\b")
_PROTOCOL_VERSION = re.compile(r"\bInternet Protocol,? Version (\d)\b")
_SERIES = re.compile(r"^RFC \d+: (?=\S)")
_KEYWORD = re.compile(
    r"\b(?!(?:the|an?|this|that|these|each|of|from|one|which|what|such|any|each)\b)([a-z]+) "
    r"(?:statements?|keywords?|clauses?|operator)\b"
)
_VOWEL = re.compile("[aeiouy]")


def folded(text: str) -> str:
    """Lower case, without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """Its words as the index cuts them: `functools.lru_cache` is three."""
    return _WORD.findall(folded(text))


def stems(text: str) -> list[str]:
    """The stem of every word, in order."""
    return [stem(word) for word in words(text)]


def content_words(text: str) -> list[str]:
    """Its distinct words that are no stop words, in order; all its words where nothing else is left."""
    found = list(dict.fromkeys(words(text)))
    options = {w for option in _OPTION.findall(text) for w in words(option)} | _keywords(text)
    kept = [w for w in found if w in options or (w not in STOP_WORDS and (len(w) > 1 or w.isdigit()))]
    return kept or found


def _keywords(text: str) -> frozenset[str]:
    """Stop words that are spoken of, such as `with` in *the with statement*."""
    return frozenset(match.lower() for match in _KEYWORD.findall(text))


def phrases(text: str) -> tuple[str, ...]:
    """What must stand together: identifiers, quoted words, a word and its number (`RFC 9110`)."""
    return tuple(dict.fromkeys(p for p in _phrases(text) if words(p)))


def _phrases(text: str) -> Iterator[str]:
    for match in _QUOTED.finditer(text):
        yield match[1].strip()
    yield from identifiers(text)
    for match in _NUMBERED.finditer(text):
        if folded(re.split("[ -]", match[0])[0]) not in STOP_WORDS:
            yield match[0]


def heading_stems(title: str) -> list[str]:
    """Stems of the words that matter in the last part of `document > section`: no number, no arguments."""
    heading = _SECTION_NUMBER.sub("", title.rsplit(" > ", 1)[-1].removesuffix("(continued)"))
    heading = _SERIES.sub("", heading)
    heading = _ARGUMENTS.sub(" ", heading.split(" — ")[0])
    kept = _keywords(heading)
    return [stem(w) for w in words(heading) if w not in STOP_WORDS or w in kept] or stems(heading)


def identifiers(text: str) -> tuple[str, ...]:
    """Names of things in code: `str.removeprefix`, `max_size`, `--verbose`."""
    return (*_IDENTIFIER.findall(text), *_OPTION.findall(text))


def title_stems(document: str, source: str = "") -> list[str]:
    """Stems of a title without section numbers, of the abbreviations it stands for, and of the place in its source."""
    found: list[str] = []
    for level in document.split(" > "):
        plain = _SECTION_NUMBER.sub("", level)
        found += stems(plain)
        for match in _CAPITALISED.finditer(plain):
            initials = "".join(word[0] for word in match[1].split()).lower()
            found += [initials, initials + match[2]] if match[2] else [initials]
        found += [f"{name.lower()}v{number}" for name, number in _VERSION.findall(plain)]
        found += [f"ipv{number}" for number in _PROTOCOL_VERSION.findall(plain)]
    return found + stems(source.partition("#")[2])


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A light stem: plural, past, -ing, -ly, -ion and a final e go; irregular forms (`forms`) have the same."""
    word = first_form(word)
    if len(word) <= 3 or not word.isalpha():
        return word
    word = _singular(word)
    if len(word) >= 7 and word.endswith(("tion", "ssion")):
        return word[:-3]
    for ending in ("ing", "edly", "ed", "ly"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= 3 and _VOWEL.search(rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    if word.endswith("y") and len(word) > 3:
        return word[:-1] + "i"
    return word.removesuffix("e") if len(word) > 3 else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word

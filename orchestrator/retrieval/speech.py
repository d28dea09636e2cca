"""How a search server is spoken to: what is sent for a query, and how its reply is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.retrieval.found import Found, one_line

Object = Mapping[str, Any]


class UnreadableReply(ValueError):
    """The server replied with JSON of another shape; the message goes on after "it replied with"."""


class NothingReplied(Exception):
    """The server searched nothing, and says why."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is sent for one query: a POST with a JSON body, or a GET where there is none."""

    path: str
    """Behind the base address, its query included."""
    body: Object | None = None


class Speech(Protocol):
    """One kind of search server."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def web(self) -> bool:
        """Whether all that it finds was fetched from the web."""

    @property
    def advice(self) -> Mapping[int, str]:
        """What to do about an HTTP status."""

    def request(self, query: str, most: int) -> SearchRequest:
        """The request for a query and at most so many passages."""

    def found(self, reply: object) -> Sequence[Found]:
        """What the reply holds, best first; raises UnreadableReply or NothingReplied."""


def fields(value: object) -> Object:
    """A JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listed(reply: object, key: str) -> list[Any]:
    """The list that a JSON object holds under that key; raises UnreadableReply."""
    value = fields(reply).get(key)
    if not isinstance(value, list):
        raise UnreadableReply(f"{described(reply)} instead of an object with a list {key!r}")
    return value


def described(value: object) -> str:
    """What kind of JSON a reply is, in words; with the error that it tells of."""
    told = fields(value)
    if said := one_line(told.get("error"), 200) or one_line(told.get("detail"), 200):
        return f"the error {said!r}"
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
    return kinds.get(type(value), "a number or truth value")

"""Tavily: a search of the web for models, paid by the search. https://docs.tavily.com/api-reference/endpoint/search."""

from collections.abc import Mapping, Sequence
from typing import Final

from orchestrator.retrieval.found import Found
from orchestrator.retrieval.speech import SearchRequest, fields, listed

MOST_RESULTS: Final = 20
"""More are not given for one search."""


class Tavily:
    """`POST /search` with the key as a bearer token, at the basic depth, which is the cheapest."""

    name = "Tavily"
    web = True
    advice: Mapping[int, str] = {
        404: "base_url must be https://api.tavily.com",
        432: "the plan of this key is used up",
        433: "the limit that was set for paying as you go is reached",
    }

    def request(self, query: str, most: int) -> SearchRequest:
        """The request for one query."""
        asked = {"query": query, "max_results": min(most, MOST_RESULTS), "search_depth": "basic"}
        return SearchRequest("/search", {**asked, "include_answer": False, "include_raw_content": False})

    def found(self, reply: object) -> Sequence[Found]:
        """The results: what Tavily chose of each page, else the page's own text. Raises UnreadableReply."""
        return [_found(fields(result)) for result in listed(reply, "results")]


def _found(result: Mapping[str, object]) -> Found:
    text = result.get("content") or result.get("raw_content")
    return Found(text, result.get("title"), result.get("url"), score=result.get("score"))

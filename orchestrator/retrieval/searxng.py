"""SearXNG: a metasearch engine that one runs oneself. https://docs.searxng.org/dev/search_api.html."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from orchestrator.retrieval.found import Found, one_line
from orchestrator.retrieval.speech import NothingReplied, Object, SearchRequest, fields, listed


class SearXng:
    """`GET /search?format=json`. It cannot be told how many results to give."""

    name = "SearXNG"
    web = True
    advice: Mapping[int, str] = {
        404: "base_url must be the address of its start page",
        403: "allow JSON in its settings.yml: under search, add json to formats",
        429: "its limiter holds programs back: switch it off, or let this machine pass",
    }

    def request(self, query: str, most: int) -> SearchRequest:  # noqa: ARG002 - the server decides how many it gives
        """The request for one query."""
        return SearchRequest("/search?" + urlencode({"q": query, "format": "json"}))

    def found(self, reply: object) -> Sequence[Found]:
        """The snippets of the results, behind the infoboxes.

        Raises UnreadableReply, and NothingReplied where nothing was found because its engines failed.
        """
        results = [_result(fields(each)) for each in listed(reply, "results")]
        found = [*_infoboxes(fields(reply)), *results]
        if not found and (failed := _failed_engines(fields(reply))):
            raise NothingReplied(f"none of its engines replied: {failed}")
        return found


def _result(result: Object) -> Found:
    return Found(result.get("content"), result.get("title"), result.get("url"), score=result.get("score"))


def _infoboxes(reply: Object) -> Iterator[Found]:
    boxes = reply.get("infoboxes")
    for box in map(fields, boxes if isinstance(boxes, list) else ()):
        yield Found(box.get("content"), box.get("infobox"), box.get("id"))


def _failed_engines(reply: Object) -> str:
    """Engines that did not reply and why, as far as the server tells it."""
    told = reply.get("unresponsive_engines")
    named = [
        " ".join(one_line(part, 80) for part in engine)
        for engine in (told if isinstance(told, list) else ())[:10]
        if isinstance(engine, list)
    ]
    return ", ".join(named)

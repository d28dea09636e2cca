"""ToolOrchestra's `/retrieve`: a server over a corpus of its own, which Search-R1 and others speak, too."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.retrieval.found import Found, link
from orchestrator.retrieval.speech import SearchRequest, UnreadableReply, described, fields

_TEXTS: Final = ("content", "contents", "text")
_ADDRESSES: Final = ("url", "source", "link")
_QUOTED_TITLE: Final = re.compile(r'"([^"\n]{1,300})"\n')
"""How the Wikipedia corpora begin each passage."""


class RetrieveServer:
    """`POST /retrieve` with `queries`, `topk` and `return_scores`.

    No `eid` is sent: it names a question of a benchmark, and servers refuse those that they do not know.
    """

    name = "/retrieve server"
    web = False
    advice: Mapping[int, str] = {
        404: "does base_url name the server itself, without /retrieve?",
        422: "does it take queries, topk and return_scores?",
        500: "a server that filters by question needs an eid, which a free question does not have",
    }

    def request(self, query: str, most: int) -> SearchRequest:
        """The request for one query."""
        return SearchRequest("/retrieve", {"queries": [query], "topk": most, "return_scores": True})

    def found(self, reply: object) -> Sequence[Found]:
        """The documents of the only query, bare or beside their scores; raises UnreadableReply."""
        batches = fields(reply).get("result", reply)
        if not isinstance(batches, list) or not all(isinstance(batch, list) for batch in batches):
            raise UnreadableReply(f"{described(batches)} instead of a list with the documents of each query")
        return [_found(hit) for hit in (batches[0] if batches else ())]


def _found(hit: Any) -> Found:
    beside = fields(hit)
    document = beside.get("document", hit)
    score = beside.get("score")
    if isinstance(document, str):
        return Found(document, score=score)
    told = fields(document)
    text = next((told[key] for key in _TEXTS if isinstance(told.get(key), str)), None)
    address = next((told[key] for key in _ADDRESSES if link(told.get(key)) is not None), None)
    title = told.get("title")
    if not title and text is not None and (quoted := _QUOTED_TITLE.match(text)):
        title, text = quoted[1], text[quoted.end() :]
    return Found(text, title, address, told.get("id"), score)

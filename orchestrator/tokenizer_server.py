"""The tokenizer of the server that runs the model: vLLM's `/tokenize` and `/detokenize`, beside `/v1`."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from orchestrator.byte_pieces import piecewise as decoded_piecewise
from orchestrator.byte_pieces import together
from orchestrator.tokenizer import Estimate

TIMEOUT_S: Final = 10.0
ASKED_AGAIN_S: Final = 60.0
"""How long the estimate counts where a server that may have a tokenizer did not reply."""
_HALF: Final = "\ufffd"


class Client(Protocol):
    """What is needed of a client of one server. Both raise an error with a `status` where one was given."""

    async def get_text(self, path: str, *, timeout_s: float) -> str:
        """The text at an address."""

    async def post_json(self, path: str, body: Mapping[str, Any], *, timeout_s: float) -> Any:
        """The JSON of a reply; raises where there is none."""


class ServerTokenizer:
    """Asks the server, and estimates where it has no tokenizer: from then on, or for a minute where it is silent."""

    def __init__(self, client: Client, base_url: str, model: str) -> None:
        parts = urlsplit(base_url)
        self._root = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1')}"
        self._client = client
        self._model = model
        self._estimate = Estimate()
        self._there = False
        self._silent_until = 0.0
        self._why = ""

    @property
    def name(self) -> str:
        """The address, or the estimate and why."""
        if self._silent:
            return f"{self._estimate.name}; {self._root}/tokenize {self._why}"
        return f"{self._root}/tokenize"

    @property
    def _silent(self) -> bool:
        return time.monotonic() < self._silent_until

    async def count(self, text: str) -> int:
        """The tokens of a text, none added to it."""
        found = await self._tokenized(text)
        return await self._estimate.count(text) if found is None else len(found[0])

    async def tail(self, text: str, most_tokens: int, *, piecewise: bool = False) -> str:
        """The last tokens of a text. Piecewise needs a server that tells the tokens of a byte-level vocabulary."""
        if most_tokens <= 0:
            return ""
        found = await self._tokenized(text, spelled=True)
        if found is None:
            return await self._estimate.tail(text, most_tokens)
        ids, spelled = found
        if spelled and piecewise and (decoded := decoded_piecewise(spelled[-most_tokens:])) is not None:
            return decoded
        if len(ids) <= most_tokens:
            return text
        if spelled and (whole := together(spelled[-most_tokens:])) is not None:
            return whole
        return await self._detokenized(text, ids[-most_tokens:])

    async def _tokenized(self, text: str, *, spelled: bool = False) -> tuple[list[int], list[str]] | None:
        """The tokens as numbers and, where they are told, as the vocabulary writes them."""
        body: dict[str, Any] = {"model": self._model, "prompt": text, "add_special_tokens": False}
        reply = await self._reply("/tokenize", body | ({"return_token_strs": True} if spelled else {}))
        if reply is None:
            return None
        ids = reply.get("tokens")
        # llama.cpp has the route, wants the text under another name, and finds no tokens in none.
        if not isinstance(ids, list) or bool(ids) != bool(text) or not all(isinstance(token, int) for token in ids):
            self._rest("did not reply with tokens", forever=True)
            return None
        told = reply.get("token_strs")
        fits = isinstance(told, list) and len(told) == len(ids) and all(isinstance(token, str) for token in told)
        return ids, told if fits and told is not None else []

    async def _detokenized(self, text: str, ids: Sequence[int]) -> str:
        reply = await self._reply("/detokenize", {"model": self._model, "tokens": list(ids)})
        said = reply.get("prompt") if reply is not None else None
        return said.lstrip(_HALF) if isinstance(said, str) else await self._estimate.tail(text, len(ids))

    async def _reply(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if self._silent:
            return None
        try:
            if not self._there and not await self._found():
                self._rest("is not there", forever=True)
                return None
            reply = await self._client.post_json(f"{self._root}{path}", body, timeout_s=TIMEOUT_S)
        except Exception as failure:  # noqa: BLE001 - a prompt is written whatever keeps the server from counting
            status = getattr(failure, "status", None)
            self._rest(f"gave HTTP {status}" if status else "did not reply", forever=_refused(status))
            return None
        if not isinstance(reply, Mapping):
            self._rest("did not reply with tokens", forever=True)
            return None
        return reply

    async def _found(self) -> bool:
        """Whether the server has the route: it says that only GET is wrong there. Texts go nowhere else."""
        try:
            await self._client.get_text(f"{self._root}/tokenize", timeout_s=TIMEOUT_S)
        except Exception as failure:
            status = getattr(failure, "status", None)
            if not _refused(status):
                raise
            self._there = status == 405
        return self._there

    def _rest(self, why: str, *, forever: bool) -> None:
        self._why = why
        self._silent_until = float("inf") if forever else time.monotonic() + ASKED_AGAIN_S


def _refused(status: object) -> bool:
    """Whether an HTTP status will be the same next time."""
    return status == 501 or (isinstance(status, int) and 400 <= status < 500 and status not in (408, 409, 429))

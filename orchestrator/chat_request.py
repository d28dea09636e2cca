"""What is sent to a chat completions endpoint, in the words that the server takes."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.failure import EndpointFailed
from orchestrator.pool import Endpoint, Sampling
from orchestrator.tool_text import Tools
from orchestrator.vendor_prices import host_of

Message = Mapping[str, str]
Tool = Mapping[str, Any]

MAX_TOKENS: Final = "max_tokens"
MAX_COMPLETION_TOKENS: Final = "max_completion_tokens"
_SPARED: Final = ("stream_options", "seed", "stream")
"""What a request can do without, the name that contains another one first."""
_UNFIT: Final = frozenset((400, 422))


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked of a model in one call."""

    messages: Sequence[Message]
    model: str
    sampling: Sampling
    tools: Sequence[Tool] | None = None
    seed: int | None = None

    def fields(self) -> dict[str, Any]:
        """All fields but the tools and those that say how the reply is to travel."""
        sampling = self.sampling
        optional = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "reasoning_effort": sampling.reasoning_effort,
            "seed": self.seed,
        }
        fields = {"model": self.model, "messages": self.messages, MAX_TOKENS: sampling.max_tokens}
        fields |= {name: value for name, value in optional.items() if value is not None}
        if sampling.thinking is not None:
            fields["chat_template_kwargs"] = {"enable_thinking": sampling.thinking}
        return fields


class Dialect:
    """What one server takes: told by its endpoint, and learned from what it refuses."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._stream = endpoint.stream
        self._spared: frozenset[str] = frozenset()
        # OpenAI's own reasoning models refuse `max_tokens`; other servers may not know the newer name.
        self._limit = MAX_COMPLETION_TOKENS if host_of(endpoint.base_url) == "api.openai.com" else MAX_TOKENS
        self._limit_of: dict[str, str] = {}

    def wording(self, request: ChatRequest) -> "Wording":
        """The request as this server is known to take it."""
        return Wording(request, self._stream, self._limit_of.get(request.model, self._limit), self._spared)

    def learn(self, wording: "Wording") -> None:
        """The server took a request in this wording."""
        self._spared |= wording.spared
        self._limit_of[wording.request.model] = wording.limit


@dataclass(frozen=True, slots=True)
class Wording:
    """A request in the words that a server takes."""

    request: ChatRequest
    stream: bool
    limit: str
    """What the server calls the most tokens of the reply."""
    spared: frozenset[str] = frozenset()
    """Fields that are left out because the server refused them."""

    def json(self) -> str:
        """The body; pure ASCII."""
        fields: dict[str, Any] = self.request.fields()
        fields[self.limit] = fields.pop(MAX_TOKENS)
        fields["stream"] = self.stream
        if self.stream:
            fields["stream_options"] = {"include_usage": True}
        tools = self.request.tools
        for name in self.spared:
            fields.pop(name, None)
        text = json.dumps(fields)
        if not tools:
            return text
        return f'{text[:-1]}, "tools": {tools.json if isinstance(tools, Tools) else json.dumps(tools)}}}'

    def after(self, failure: EndpointFailed, sent: str) -> "Wording | None":
        """The request without the field that the server refused; `None` where it refused something else."""
        if failure.status not in _UNFIT:
            return None
        if self.limit == MAX_TOKENS and MAX_COMPLETION_TOKENS in failure.said:
            return Wording(self.request, self.stream, MAX_COMPLETION_TOKENS, self.spared)
        for name in _SPARED:
            if name not in self.spared and f'"{name}": ' in sent and re.search(rf"\b{name}\b", failure.said):
                spared = self.spared | {name} | ({"stream_options"} if name == "stream" else set())
                return Wording(self.request, self.stream and name != "stream", self.limit, spared)
        return None

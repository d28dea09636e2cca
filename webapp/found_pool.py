"""The pool file that would use the model servers found on this machine."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from orchestrator.pool import TOOL_OF, TOOLS
from webapp.discovery import Found, FoundModel, ServerKind

_FREE: Final = frozenset((ServerKind.OLLAMA, ServerKind.LLAMA_CPP, ServerKind.LM_STUDIO, ServerKind.VLLM))
"""Kinds that compute themselves, so that a call costs nothing but one's own electricity or GPU."""
_SIZE: Final = re.compile(r"(?<![\w.])(?:(\d+)x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)
_NO_CHAT: Final = re.compile(r"embed|rerank|whisper|tts|\bbge\b|\bclip\b|stable-diffusion|guard", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(r"[-:]cloud$")
"""Models that Ollama lists but that run at ollama.com."""
_SECONDS_PER_BILLION: Final = {"search": 0.2, "enhance_reasoning": 0.4, "answer": 0.6}
_NO_SIZE: Final = 8.0
_TASKS: Final = {
    "search": "Writes search queries",
    "enhance_reasoning": "Writes Python for calculations and checks",
    "answer": "Answers",
}


class Gift(Enum):
    """What a model's name says that it is for."""

    GENERAL = "general"
    CODE = "code"
    MATH = "math"
    ORCHESTRATOR = "orchestrator"
    NONE = "none"
    """No chat, or not on this machine."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that could serve."""

    server: str
    """Name of its endpoint in the file."""
    kind: ServerKind
    model: FoundModel

    @property
    def gift(self) -> Gift:
        """What it is for."""
        name = self.model.name.lower()
        if _NO_CHAT.search(name) or (self.kind is ServerKind.OLLAMA and _ELSEWHERE.search(name)):
            return Gift.NONE
        marks = ((Gift.ORCHESTRATOR, "orchestrator"), (Gift.MATH, "math"), (Gift.CODE, "code"), (Gift.CODE, "coder"))
        return next((gift for gift, mark in marks if mark in name), Gift.GENERAL)

    @property
    def billions(self) -> float | None:
        """Parameters in billions, as far as the name tells."""
        found = _SIZE.search(self.model.name)
        if found is None:
            return None
        experts, size, unit = found.groups()
        return int(experts or 1) * float(size) / (1000 if unit.lower() == "m" else 1)

    @property
    def size(self) -> str:
        """The same in brackets, with a space before; empty where it is unknown."""
        return "" if self.billions is None else f" ({self.billions:g}B)"


def found_pool(found: Sequence[Found]) -> str:
    """A whole pool file with remarks; raises ValueError where nothing was found that could serve."""
    servers = _named(server for server in found if server.models)
    candidates = [Candidate(name, server.kind, model) for name, server in servers.items() for model in server.models]
    orchestrators = [each for each in candidates if each.gift is Gift.ORCHESTRATOR]
    served = _spread(candidates)
    if not served and not orchestrators:
        raise ValueError("no model server with a model that can chat was found on this machine")
    parts = [_HEAD, *(_endpoint(name, server) for name, server in servers.items())]
    if orchestrators:
        parts.append(_orchestrator(orchestrators[0]))
    if served:
        parts += [_alias(alias, served[alias], served) for alias in TOOL_OF if alias in served]
    else:
        parts += [_STAND_INS]
    used = {id(each) for each in (*served.values(), *orchestrators[:1])}
    parts += [_left_out([f"{each.model.name} ({each.server})" for each in candidates if id(each) not in used]), _TAIL]
    return "\n".join(part for part in parts if part)


_HEAD: Final = """\
# Written by `podium pool discover` from the models that answered on this machine. Descriptions and seconds are guesses
# from the models' names: put them right, since the orchestrator chooses by them. docs/pool-file.md explains every key.
# Try it with `podium pool check --pool FILE`, use it with `podium serve --pool FILE`.
name = "found-here"
"""

_TAIL: Final = """\
# A model that judges answers where comparing with the reference settles nothing:
# [judge]
# endpoint = "…"
# model = "…"

# Searches go to your documents. To search the web, through a SearXNG of your own or Tavily:
# [search]
# kind = "searxng"
# base_url = "http://127.0.0.1:8888"
"""

_STAND_INS: Final = """\
# No expert was found, only the orchestrator. These are simulated until you name a model and its endpoint.
[alias.search-1]
stand_in = true
model = "stand-in"
description = "Writes search queries; simulated."
latency_s = 5

[alias.reasoner-1]
stand_in = true
model = "stand-in"
description = "Writes Python for calculations and checks; simulated."
latency_s = 5

[alias.answer-1]
stand_in = true
model = "stand-in"
description = "Answers; simulated."
latency_s = 5
"""


def _named(found: Iterable[Found]) -> Mapping[str, Found]:
    """Each server under a name of its own."""
    names: dict[str, Found] = {}
    for server in found:
        name = "local" if server.kind is ServerKind.OTHER else re.sub(r"\W+", "-", server.kind.lower())
        names[f"{name}-{server.base_url.split(':')[2].split('/')[0]}" if name in names else name] = server
    return names


def _spread(candidates: Sequence[Candidate]) -> Mapping[str, Candidate]:
    """The largest models for what is hard, the smallest for what is easy; those made for code and mathematics apart."""
    large_first = sorted(candidates, key=lambda each: each.billions or 0.0, reverse=True)
    of = {gift: [each for each in large_first if each.gift is gift] for gift in Gift}
    general = of[Gift.GENERAL] or of[Gift.CODE] or of[Gift.MATH]
    answers = TOOLS["answer"]
    return {
        **_over(TOOLS["search"], general),
        **_over(TOOLS["enhance_reasoning"], of[Gift.CODE] or general),
        **_over(tuple(alias for alias in answers if "math" not in alias), general),
        **_over(tuple(alias for alias in answers if "math" in alias), of[Gift.MATH]),
    }


def _over(aliases: Sequence[str], models: Sequence[Candidate]) -> dict[str, Candidate]:
    """The first alias gets the largest model, the last the smallest, and those between what lies between."""
    count = min(len(aliases), len(models))
    if count < 2:
        return dict(zip(aliases, models, strict=False))
    chosen = [models[round(place * (len(models) - 1) / (count - 1))] for place in range(count)]
    return dict(zip((*aliases[: count - 1], aliases[-1]), chosen, strict=True))


def _endpoint(name: str, server: Found) -> str:
    lines = [f"[endpoint.{name}]", f"base_url = {_quoted(server.base_url)}", "self_hosted = true"]
    if server.kind is ServerKind.OLLAMA:
        lines += [
            "max_in_flight = 2",
            "read_timeout_s = 300              # silent while it loads a model",
            "# Start Ollama with OLLAMA_CONTEXT_LENGTH=32768, or it may drop most of a long prompt, or refuse it.",
        ]
    return "\n".join([f"# {server.kind}{f' {server.version}' if server.version else ''}", *lines, ""])


def _orchestrator(chosen: Candidate) -> str:
    most = chosen.model.context_tokens
    room = [f"max_output_tokens = {most // 3}"] if most is not None and 192 <= most < 36_000 else []
    return "\n".join(
        ["# Decides the next step.", "[orchestrator]", *_where(chosen), *room, *_price(chosen.kind), ""],
    )


def _alias(alias: str, chosen: Candidate, served: Mapping[str, Candidate]) -> str:
    tool = TOOL_OF[alias]
    latency_s = 2 + (chosen.billions or _NO_SIZE) * _SECONDS_PER_BILLION[tool]
    return "\n".join(
        [
            f"[alias.{alias}]",
            *_where(chosen),
            f"description = {_quoted(_description(alias, chosen, served))}",
            f"latency_s = {round(latency_s)}",
            *_room(chosen.model.context_tokens),
            *_price(chosen.kind),
            "",
        ]
    )


def _description(alias: str, chosen: Candidate, served: Mapping[str, Candidate]) -> str:
    tool = TOOL_OF[alias]
    task = f"{_TASKS[tool]} to mathematical questions" if "math" in alias else _TASKS[tool]
    kin = [other for other in TOOLS[tool] if other in served and ("math" in other) == ("math" in alias)]
    if len(kin) == 1:
        return f"{task}{chosen.size}."
    if alias == kin[0]:
        return f"{task}; the largest here{chosen.size}, for what is hard."
    if alias == kin[-1]:
        return f"{task}; the smallest here{chosen.size}, quick, for what is easy."
    return f"{task}; of middling size{chosen.size}."


def _where(chosen: Candidate) -> Iterator[str]:
    yield f"endpoint = {_quoted(chosen.server)}"
    yield f"model = {_quoted(chosen.model.name)}"


def _room(context_tokens: int | None) -> Iterator[str]:
    """A shorter reply where the model's context is small."""
    if context_tokens is not None and 256 <= context_tokens < 16_384:
        yield f"max_output_tokens = {context_tokens // 4}"


def _price(kind: ServerKind) -> Iterator[str]:
    if kind not in _FREE:
        yield "# No price: whoever this server asks may charge. Calls stay unpriced until you write one."
        return
    if kind is ServerKind.VLLM:
        yield '# Or what the GPU costs: price = { usd_per_gpu_hour = 2.50, source = "our own machine" }'
    yield 'price = { input_usd_per_mtok = 0, output_usd_per_mtok = 0, source = "runs on this machine" }'


def _left_out(names: Sequence[str]) -> str:
    return "\n".join(["# Found as well, and left out:", *(f"#   {name}" for name in names), ""]) if names else ""


def _quoted(text: str) -> str:
    """A TOML string; JSON writes the same but for one control character, which no name here has."""
    return json.dumps(text, ensure_ascii=False)

"""A pool file whose models all stand behind one server, and a plan by which that server plays every one of them."""

import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import replace

from orchestrator.pool import TOOL_OF
from tests.servers.conformance import MODEL, Asked, Plan
from tests.servers.reply import ABSENT, COUNTED, Reply, Stream, called

ALIASES = ("search-1", "search-2", "reasoner-1", "answer-1", "answer-2")
IN_USD, OUT_USD = "0.25", "2"
"""Dollars per million tokens of each model."""
EXPERT = """<think>Let me see.</think>
<query>capital of Australia</query>
```python
print(6 * 7)
```
<answer>Canberra</answer>"""
"""Serves every role: it holds a search query, code and an answer."""


def pool_toml(
    url: str,
    *,
    stream: bool = True,
    timeout_s: float = 60.0,
    key_env: str | None = None,
    orchestrator_key_env: str | None = None,
    judge_key_env: str | None = None,
    search: str = "",
    aliases: Iterable[str] = ALIASES,
) -> str:
    """The pool file. `timeout_s` is for each call; a judge is there if it has a key; `search` is that table's lines."""
    price = f'price = {{ input_usd_per_mtok = {IN_USD}, output_usd_per_mtok = {OUT_USD}, source = "test" }}'
    lines = ['name = "orchestra"']
    for name, variable in (("experts", key_env), ("orchestrator", orchestrator_key_env), ("judge", judge_key_env)):
        lines += [f"[endpoint.{name}]", f'base_url = "{url}/v1"', f"stream = {str(stream).lower()}"]
        lines += [f'api_key_env = "{variable}"'] if variable else []
    lines += ["[orchestrator]", 'endpoint = "orchestrator"', f'model = "{MODEL}"', price, f"timeout_s = {timeout_s}"]
    lines += ["[judge]", 'endpoint = "judge"', 'model = "judge"', price] if judge_key_env else []
    lines += ["[search]", search] if search else []
    for alias in aliases:
        lines += [f"[alias.{alias}]", 'endpoint = "experts"', f'model = "model-of-{alias}"', price]
        lines += [f'description = "Serves {alias}."', "latency_s = 1", f"timeout_s = {timeout_s}"]
    return "\n".join(lines)


def policy(url: str) -> str:
    """SPEC of the orchestrator of that pool."""
    return f"openai:{url}/v1#{MODEL}"


def chance(asked: Asked) -> random.Random:
    """The same for the same request."""
    written = json.dumps({**asked.body, "stream": None}, sort_keys=True)
    return random.Random(hashlib.sha256(written.encode()).hexdigest())


def routed(alias: str, thought: str = "Let me see.") -> Reply:
    """The orchestrator's reply that calls the alias."""
    arguments = {"model": alias}
    return Reply(
        f"<think>\n{thought}\n</think>\n\n",
        tool_calls=[called(TOOL_OF[alias], arguments)],
        finish_reason="tool_calls",
    )


def wandering(cut: int = 97) -> Plan:
    """Routes by chance, one reply in eight being no call, and one in ten without usage."""
    stream = Stream(cut=cut)

    def reply(asked: Asked) -> Reply:
        random_ = chance(asked)
        usage = COUNTED if random_.random() >= 0.1 else ABSENT
        if asked.model != MODEL:
            said = Reply(EXPERT)
        elif random_.random() < 0.125:
            said = Reply("I am not sure.")
        else:
            said = routed(random_.choice(ALIASES))
        return replace(said, stream=stream, usage=usage)

    return reply

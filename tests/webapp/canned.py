"""Canned trajectories: answered, unsolved, extracted and unpriced, stopped, failed, very long."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from orchestrator.model_call import FREE, Attempt, CallRole, Charge, ChargeStatus, ModelCall, Usage, unpriced
from orchestrator.pool import TOOL_OF, Endpoint, Pool, PoolEntry
from orchestrator.trajectory import (
    CodeRun,
    Document,
    Observation,
    Origin,
    Outcome,
    Step,
    StopReason,
    ToolCall,
    Verdict,
)

MODELS = {
    "search-1": "gpt-5", "search-2": "gpt-5-mini", "search-3": "qwen3-32b",
    "reasoner-1": "gpt-5", "reasoner-2": "gpt-5-mini", "reasoner-3": "qwen2.5-coder-32b",
    "answer-1": "gpt-5", "answer-2": "gpt-5-mini", "answer-3": "llama-3.3-70b", "answer-4": "qwen3-32b",
    "answer-math-1": "qwen2.5-math-72b", "answer-math-2": "qwen2.5-math-7b",
}  # fmt: skip
QUESTION = "How many years after Neptune was discovered was Pluto found, and what is 17% of that?"


def fake_pool() -> Pool:
    """Twelve aliases: stand-ins, and one real endpoint."""
    entries = [
        PoolEntry(alias, model, f"{model} as {alias}", 2.0, self_hosted=alias in ("search-3", "answer-4"))
        for alias, model in MODELS.items()
    ]
    entries[-1] = replace(entries[-1], endpoint=Endpoint("http://127.0.0.1:9/v1"))
    return Pool("rehearsal", tuple(entries))


def made_call(role: CallRole, alias: str | None, usd: str | None, latency_s: float, **changes: object) -> ModelCall:
    """One call; `usd=None` is unpriced."""
    charge = (
        unpriced("no price for this model")
        if usd is None
        else Charge(Decimal(usd), ChargeStatus.PRICED, "price book", date(2026, 3, 1))
    )
    if usd == "0":
        charge = FREE
    values = {"usage": Usage(1204, 86), "charge": charge, "simulated": usd != "0" and role is not CallRole.ORCHESTRATOR}
    values["model"] = MODELS.get(alias or "", "Orchestrator-8B")
    return ModelCall(role, alias, started_at=datetime.now(UTC), latency_s=latency_s, **(values | changes))  # type: ignore[arg-type]


def made_step(index: int, alias: str, **changes: object) -> Step:
    """A plausible step of that alias."""
    tool = TOOL_OF[alias]
    made = {"search": searched, "enhance_reasoning": computed, "answer": replied}[tool]
    thought, observation, calls = made(alias, f"0.00{13 + index * 7}")
    thinking = made_call(
        CallRole.ORCHESTRATOR, None, "0.00021", 0.35 + 0.1 * index,
        usage=Usage(2431 + 310 * index, 86, 1920 if index else 0, 61),
        prompt=prompt_of(thought), reply=reply_of(thought, alias),
        queued_s=0.42 if index == 1 else 0.001, tokens_by="tokenizer.json", in_flight=4 if index == 1 else 1,
    )  # fmt: skip
    values = {
        "thought": thought,
        "call": ToolCall(tool, alias),
        "observation": observation,
        "calls": (thinking, *calls),
    }
    return Step(index, **(values | changes))  # type: ignore[arg-type]


def prompt_of(thought: str) -> str:
    """A request as it is sent: one line of JSON, with markup in it that must stay text."""
    system = "You are good at using tools. <b>Call exactly one.</b> ${1+1} {{value}}"
    user = f"Problem: {QUESTION}\n\nDocuments:\nNeptune was seen in 1846.\n\nBefore: {thought}\n\nChoose a tool."
    return json.dumps(
        {
            "model": "Orchestrator-8B",
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "tools": [{"type": "function", "function": {"name": "search"}}],
            "temperature": 1.0,
        }
    )


def reply_of(thought: str, alias: str) -> str:
    """The message that came back."""
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": TOOL_OF[alias], "arguments": f'{{"model": "{alias}"}}'},
    }
    return json.dumps({"role": "assistant", "content": None, "reasoning": thought, "tool_calls": [call]})


Made = tuple[str, Observation, tuple[ModelCall, ...]]


def searched(alias: str, usd: str) -> Made:
    """Thought, observation and calls of a search."""
    found = [
        ("Neptune", "Neptune is the eighth planet. Johann Galle saw it on 23 September 1846.", "corpus/neptune"),
        ("Pluto", "Pluto was discovered by Clyde Tombaugh at Lowell Observatory in 1930.", "corpus/pluto"),
        ("A link", "From a page of the web <script>alert(1)</script> ${1+1} {{value}}", "https://example.org/p"),
    ]
    web = len(found) - 1
    observation = Observation(
        "Neptune was first seen by Galle in 1846. Pluto was found by Clyde Tombaugh in 1930.",
        Origin.RETRIEVED,
        tuple(
            Document(f"d{n}", title, text, source, 9.31 - n, n == web) for n, (title, text, source) in enumerate(found)
        ),
        "year of discovery of Neptune and of Pluto",
    )
    calls = (
        made_call(CallRole.QUERY_WRITER, alias, usd, 1.2),
        made_call(CallRole.RETRIEVER, alias, "0", 0.004, usage=None, model=None),
    )
    return "The two years have to be looked up before anything can be computed.", observation, calls


def computed(alias: str, usd: str) -> Made:
    """Thought, observation and calls of a code run."""
    code = "gap = 1930 - 1846\nprint(gap)\ngap * 0.17"
    observation = Observation("84\n14.28", Origin.EXECUTED, code_run=CodeRun(code, "84\n", "", "14.28"))
    calls = (
        made_call(CallRole.CODE_WRITER, alias, usd, 2.6),
        made_call(CallRole.SANDBOX, alias, "0", 0.03, usage=None, model=None),
    )
    return "Both years are known. A small program gives the difference and the percentage exactly.", observation, calls


def replied(alias: str, usd: str) -> Made:
    """Thought, observation and calls of an answer."""
    text = "Pluto was found 84 years after Neptune (1846 to 1930), and 17% of 84 is 14.28."
    thought = "Everything needed is on the table; a strong model can put it into one sentence."
    return thought, Observation(text, Origin.SIMULATED), (made_call(CallRole.EXPERT, alias, "0.0131", 3.4),)


def replaced(alias: str) -> tuple[ModelCall, ...]:
    """A call that failed after two tries, and the one that took its place."""
    tries = tuple(
        Attempt(datetime.now(UTC), 0.3 + 0.4 * n, "429 Too Many Requests; the server asked to wait 1 s", usd)
        for n, usd in enumerate((Decimal("0.00012"), None))
    )
    broken = made_call(CallRole.EXPERT, alias, "0.00012", 1.1, usage=None, attempts=tries, error="the circuit is open")
    return broken, made_call(CallRole.EXPERT, alias, "0.002", 2.0, model="qwen3-32b")


def judged() -> Outcome:
    """A verdict of a model, with its reasons."""
    call = made_call(CallRole.JUDGE, None, "0.00031", 0.9, model="gpt-5-mini", simulated=False, prompt=prompt_of("?"))
    reason = "The answer says 13.6, but 17% of 84 is 14.28. Its reasoning stops at the years, which are right."
    return Outcome(Verdict.UNSOLVED, "gpt-5-mini", reason, call)


def answered(steps: Sequence[Step], verdict: Verdict = Verdict.SOLVED, text: str | None = None) -> dict[str, object]:
    """Changes that end a trajectory with an answer."""
    last = steps[-1].observation
    by = None if verdict is Verdict.UNGRADED else "reference"
    return {
        "steps": tuple(steps),
        "stop_reason": StopReason.ANSWERED,
        "answer": text or (last.text if last else ""),
        "outcome": Outcome(verdict, by),
        "reference": "84 years; 14.28" if by else None,
    }


def shapes() -> list[dict[str, object]]:
    """How canned trajectories end: answered, unsolved, extracted with unpriced calls, stopped, failed, very long."""
    extracted = Observation("Pluto was discovered in 1930.", Origin.EXTRACTED, source="corpus/pluto, sentence 1")
    odd = [
        made_step(0, "search-3"),
        made_step(1, "search-3", observation=None, error="the retriever did not answer within 5 s; try search-1"),
        Step(2, "I will just say it.", None, None, (made_call(CallRole.ORCHESTRATOR, None, "0.0002", 0.4),),
             "the reply held no valid call"),
        made_step(3, "answer-4", observation=extracted, calls=(
            made_call(CallRole.ORCHESTRATOR, None, "0.0002", 0.4),
            made_call(CallRole.EXPERT, "answer-4", None, 0.8),
        )),
    ]  # fmt: skip
    second = [made_step(0, "search-3"), made_step(1, "answer-math-2", calls=replaced("answer-math-2"))]
    long = [made_step(n, list(MODELS)[n % 6]) for n in range(49)] + [made_step(49, "answer-2")]
    cancelled = [made_step(0, "search-1"), made_step(1, "reasoner-1")]
    return [
        answered([made_step(0, "search-1"), made_step(1, "reasoner-2"), made_step(2, "answer-1")]),
        answered(second, Verdict.UNSOLVED, "It is 13.6.") | {"outcome": judged()},
        answered(odd, Verdict.UNGRADED, "Pluto was discovered in 1930."),
        {"steps": tuple(cancelled), "stop_reason": StopReason.CANCELLED, "stop_detail": "stopped by hand"},
        {"steps": (made_step(0, "search-2"),), "stop_reason": StopReason.FAILED, "stop_detail": "no connection"},
        answered(long),
    ]  # fmt: skip

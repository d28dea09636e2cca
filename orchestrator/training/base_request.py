"""A situation as another model is asked about it in the app: messages and tools of a prompt profile, its chat template.

The reply is written as Orchestrator-8B writes it: a thought between its tags, then one tool call.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any, Final

from orchestrator.embedded.vocabulary import CALL, CALL_CLOSED, CALL_OF, END_OF_CALL, END_OF_THOUGHT, END_OF_TURN, THINK
from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import TOOL_OF, Pool, PoolEntry, Price
from orchestrator.preference import PreferenceVector
from orchestrator.profile import DEFAULT, profile
from orchestrator.prompt import messages, offered, tools
from orchestrator.rehearsal.craft import NOTHING_TO_COMPUTE, broken_program
from orchestrator.rehearsal.tasks import find
from orchestrator.rehearsal.tasks.task import Task
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.training.request import SEEN, thought_of
from orchestrator.training.situation import ALIASES, Situation
from orchestrator.training.views import views_of
from orchestrator.trajectory import CodeRun, Observation, Origin

_UNSET_NAME: Final = "print(answer if answer else "
_NO_WISH: Final = PreferenceVector(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """Token ids of a situation in one state, and of the twelve replies."""

    prompt: list[int]
    thought: list[int]
    """The true one, with its tags, up to the call."""
    calls: tuple[list[int], ...]
    """Of each of ALIASES, to the end of the turn."""
    closings: tuple[int, ...]
    """Of each call: how many of its tokens follow the alias."""


class BaseRequests:
    """Makes requests with a model's own tokenizer, under a bundled prompt profile; raises BadProfile."""

    def __init__(self, tokenizer: Any, profile_name: str = DEFAULT) -> None:
        self._tokenizer, self._profile = tokenizer, profile(profile_name)
        self._profile_name = profile_name
        self.end = end_of_turn(tokenizer)
        self._calls = tuple(self._ids(call_text(alias) + self.end) for alias in ALIASES)
        self._closings = tuple(map(self._closing, ALIASES))

    def of(self, situation: Situation, place: int, *, told: bool = True) -> Asked:
        """The situation in this one of SEEN. The tools are left out where they are not told."""
        documents, code = SEEN[place]
        thought = f"{THINK}\n{thought_text(situation, documents, code)}\n{END_OF_THOUGHT}\n\n"
        prompt = self.prompt(situation, place, told=told)
        return Asked(self._ids(prompt), self._ids(thought), self._calls, self._closings)

    def prompt(self, situation: Situation, place: int, *, told: bool = True) -> str:
        """What the model reads before it thinks, as its chat template writes it."""
        turn = turn_of(situation, place, self._profile.preference)
        shown = tools(pool_of(situation), offered(turn, self._profile)) if told else None
        text: str = self._tokenizer.apply_chat_template(
            messages(turn, self._profile_name), tools=shown, add_generation_prompt=True, tokenize=False
        )
        # Some templates open the thought themselves.
        return text.rstrip().removesuffix(THINK) if text.rstrip().endswith(THINK) else text

    def _closing(self, alias: str) -> int:
        """How many tokens of the call begin behind the alias."""
        text = call_text(alias) + self.end
        spans = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        return sum(start >= text.index(CALL_CLOSED) for start, _ in spans)

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def end_of_turn(tokenizer: Any) -> str:
    """The token that ends a turn in ChatML, which Qwen3 speaks, even where a base model's own end is another."""
    return END_OF_TURN if END_OF_TURN in tokenizer.get_vocab() else str(tokenizer.eos_token)


def call_text(alias: str) -> str:
    """A call as Orchestrator-8B writes it."""
    return f"{CALL}\n{CALL_OF[TOOL_OF[alias]]}{alias}{CALL_CLOSED}\n{END_OF_CALL}"


def thought_text(situation: Situation, documents: int, code: int) -> str:
    """What is true of a state, in the bundled orchestrator's words."""
    return "".join(thought_of(situation, documents, code).words).rstrip(" :") + "."


def turn_of(situation: Situation, place: int, layout: str) -> Turn:
    """The turn that the app would ask about. `layout` sets the problem and the situation's own wording together."""
    problem = situation.task.question
    if situation.instruction:
        problem = layout.format(query=problem, instruction=situation.instruction)
    return Turn(0, problem, _NO_WISH, evidence_of(situation.task, *SEEN[place]), situation.offered, seed=0)


def evidence_of(task: Task, documents: int, code: int) -> Evidence:
    """What a run would have gathered: real documents, and at most one code run."""
    gathered = Evidence()
    for found in views_of(task).searches[documents]:
        gathered.add(Observation("", Origin.RETRIEVED, found))
    if code:
        gathered.add(Observation("", Origin.EXECUTED, code_run=_code_run(task.question, failed=code == 1)))
    return gathered


def pool_of(situation: Situation) -> Pool:
    """The rehearsal pool with the situation's prices and seconds, rounded to three digits."""
    return replace(rehearsal_pool(), entries=tuple(_priced(entry, situation) for entry in rehearsal_pool().entries))


def _priced(entry: PoolEntry, situation: Situation) -> PoolEntry:
    rate = situation.prices.get(entry.alias)
    if rate is None:
        return entry
    price = Price(
        "training",
        input_usd_per_mtok=Decimal(f"{rate.input_usd_per_mtok:.3g}"),
        output_usd_per_mtok=Decimal(f"{rate.output_usd_per_mtok:.3g}"),
    )
    return replace(entry, price=price, latency_s=float(f"{rate.latency_s:.3g}"))


@cache
def _code_run(question: str, *, failed: bool) -> CodeRun:
    """As the sandbox tells it. A task that nothing computes for gets the program that says so."""
    task = find(question)
    if task is None:
        raise ValueError(f"not a task of the rehearsal world: {question!r}")
    program = task.program or NOTHING_TO_COMPUTE
    if failed:
        code, error = _failing(program, task.id)
        return CodeRun(code, error=error)
    output = task.reference if task.program else program.split('"')[1]
    return CodeRun(program, f"{output}\n")


def _failing(program: str, key: str) -> tuple[str, str]:
    """The first slip that fails instead of printing a wrong number, and the sandbox's words for it."""
    for attempt in count():
        code = broken_program(program, key, attempt)
        line = code.count("\n") + 1
        if _UNSET_NAME in code:
            return code, f"NameError: name 'answer' is not defined (line {line})"
        try:
            compile(code, key, "exec")
        except SyntaxError:
            return code, f"SyntaxError: unexpected EOF while parsing (line {line})"
    raise AssertionError("one of the slips always fails")

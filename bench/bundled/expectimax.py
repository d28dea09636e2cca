"""The oracle as a policy of the real loop: the ceiling. It knows each task, every chance and what evidence is right."""

from dataclasses import dataclass

from orchestrator.bill import Bill
from orchestrator.evidence import Evidence
from orchestrator.policy import Decision, Turn
from orchestrator.pool import TOOL_OF, Pool
from orchestrator.preference import PreferenceVector, instruction
from orchestrator.rehearsal.skilled import documents_found
from orchestrator.rehearsal.tasks import Task, find
from orchestrator.training.dynamics import TURNS, Code, Documents, State
from orchestrator.training.oracle import Oracle
from orchestrator.training.situation import Rate, Situation
from orchestrator.training.utility import Favoured
from orchestrator.trajectory import ToolCall


@dataclass(slots=True)
class _Episode:
    """One trajectory so far."""

    oracle: Oracle
    liked: Favoured = (0.0, 0)


class ExpectimaxPolicy:
    """Takes the call of the greatest expected utility. Raises ValueError for what is no rehearsal task."""

    def __init__(self, pool: Pool) -> None:
        self._rates = rates(pool)
        self._episodes: dict[tuple[str, PreferenceVector, int], _Episode] = {}

    @property
    def spec(self) -> str:
        """`oracle`; it cannot be asked for by name outside this bench."""
        return "oracle"

    async def decide(self, turn: Turn, bill: Bill) -> Decision:  # noqa: ARG002 - it costs nothing
        """The best call."""
        task = task_of(turn.query)
        key = (turn.query, turn.preference, turn.seed)
        if turn.index == 0 or key not in self._episodes:
            self._episodes[key] = _Episode(Oracle(situation(task, tuple(turn.offered), self._rates, turn.preference)))
        episode = self._episodes[key]
        alias = episode.oracle.best(state_of(task, turn.evidence, turn.index), episode.liked)
        episode.liked = episode.oracle.utility.after(episode.liked, alias)
        return Decision("It knows every chance.", ToolCall(TOOL_OF[alias], alias))


def task_of(query: str) -> Task:
    """The rehearsal task that asks this; raises ValueError."""
    task = find(query)
    if task is None:
        raise ValueError(f"the oracle knows the rehearsal tasks only, and this is none: {query!r}")
    return task


def rates(pool: Pool) -> dict[str, Rate]:
    """The pool's prices and seconds as the oracle reads them; raises ValueError where one is unknown."""
    found = {}
    for entry in pool.entries:
        price = entry.price
        if price is None or price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
            raise ValueError(f"{entry.alias} has no token prices")
        found[entry.alias] = Rate(float(price.input_usd_per_mtok), float(price.output_usd_per_mtok), entry.latency_s)
    return found


def situation(task: Task, offered: tuple[str, ...], prices: dict[str, Rate], preference: PreferenceVector) -> Situation:
    """What the oracle is asked about."""
    return Situation(task, offered, prices, preference, instruction(preference))


def state_of(task: Task, evidence: Evidence, index: int) -> State:
    """Where an episode with this evidence stands, all known."""
    documents = Documents.NONE
    if evidence.documents:
        found = bool(task.needs_document) and documents_found(task, evidence)
        documents = Documents.NEEDED if found else Documents.OTHERS
    return State(min(index, TURNS - 1), documents, _code(task, evidence))


def _code(task: Task, evidence: Evidence) -> Code:
    done = [run for run in evidence.code_runs if run.error is None]
    if any(task.reference in (run.stdout.strip(), run.value) for run in done):
        return Code.RIGHT
    if done:
        return Code.SLIP
    return Code.ERROR if evidence.code_runs else Code.NONE

"""Rankings with their trajectories for the tests of training files; `python -m` writes the golden files anew."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from orchestrator.model_call import CallRole, ModelCall, unpriced
from orchestrator.pool import Pool, PoolEntry, Price
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import (
    CodeRun,
    Document,
    Observation,
    Origin,
    Outcome,
    Step,
    StopReason,
    Trajectory,
    Verdict,
)
from prefs.ballot import Alternative, Ballot
from prefs.judgement import judgement
from prefs.ranking import Ranking, StepMark
from prefs.training_files import FORMATS, FileOptions, Judged, Row, Tally, judged
from tests.examples import NOON, call, model_call, priced, trajectory

GOLDEN = Path(__file__).with_name("golden")
QUERY = "How long does Mercury take to orbit the Sun?"
PREFERENCE = PreferenceVector(1.0, 0.5, 0.2, {"search-2": 0.5})
SENT = {
    "model": "orchestrator",
    "messages": [
        {"role": "system", "content": "You are good at using tools."},
        {"role": "user", "content": f"Problem: {QUERY}\n\nI like it short.\n\n\n\nChoose an appropriate tool."},
    ],
    "temperature": 1.0,
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "answer",
                "description": "Give the final answer.",
                "parameters": {
                    "properties": {"model": {"description": "Choices: ['answer-1']", "type": "string"}},
                    "required": ["model"],
                    "title": "parameters",
                    "type": "object",
                },
            },
        }
    ],
}


def decision(prompt: str | None = None) -> ModelCall:
    """The orchestrator's own call."""
    return model_call(
        "0.0001", 0.5, role=CallRole.ORCHESTRATOR, alias=None, model="orchestrator", usage=None, prompt=prompt
    )


def searched(index: int, alias: str = "search-1") -> Step:
    """A step that found two passages."""
    documents = (
        Document("d1", "Mercury", "Mercury orbits the Sun in 88 days.", "corpus: Mercury"),
        Document("d2", "Venus", f"Venus needs 225 days. {'It is hot. ' * 60}", "corpus: Venus"),
    )
    observation = Observation("2 passages", Origin.RETRIEVED, documents, "orbital period of Mercury")
    return Step(index, "I look it up first.", call(alias), observation, (decision(), _expert("0.002", 1.25, alias)))


def computed(index: int) -> Step:
    """A step that ran code."""
    run = CodeRun("print(88 * 24)", "2112\n")
    observation = Observation("2112", Origin.EXECUTED, code_run=run)
    return Step(index, "", call("reasoner-2"), observation, (decision(), _expert("0.001", 3.0, "reasoner-2")))


def answered(index: int, alias: str, said: str, usd: str, latency_s: float, prompt: str | None = None) -> Step:
    """A step that answered."""
    charge = {"charge": unpriced("nobody knows")} if usd == "unpriced" else {"charge": priced(usd)}
    expert = model_call("0", latency_s, alias=alias, model=f"model of {alias}", **charge)
    return Step(index, f"{alias} knows.", call(alias), Observation(said, Origin.MODEL), (decision(prompt), expert))


def invalid(index: int) -> Step:
    """A reply without a valid call."""
    return Step(index, "Hmm.", None, None, (decision(),), "the reply holds no tool call: Hmm.")


def _expert(usd: str, latency_s: float, alias: str) -> ModelCall:
    return model_call(usd, latency_s, alias=alias, model=f"model of {alias}")


def run(name: str, steps: tuple[Step, ...], verdict: Verdict, **changes: object) -> Trajectory:
    """A finished trajectory under PREFERENCE; its answer is what the last step observed."""
    last = steps[-1].observation if steps else None
    ended = bool(steps) and steps[-1].call is not None and steps[-1].call.tool == "answer"
    values = {
        "id": name,
        "query": QUERY,
        "preference": PREFERENCE,
        "policy": f"policy of {name}",
        "reference": "88 days",
        "steps": steps,
        "answer": last.text if ended and last else None,
        "stop_reason": StopReason.ANSWERED if ended else StopReason.BUDGET,
        "outcome": Outcome(verdict, "reference"),
    }
    return trajectory(**(values | changes))


def alternatives(prefix: str = "", **changes: object) -> tuple[Trajectory, ...]:
    """Four ways to answer one query."""
    right, wrong = Verdict.SOLVED, Verdict.UNSOLVED
    return (
        run(f"{prefix}a", (searched(0), answered(1, "answer-1", "88 days", "0.02", 4.0)), right, **changes),
        run(f"{prefix}b", (answered(0, "answer-2", "88 days", "0.004", 2.0, json.dumps(SENT)),), right, **changes),
        run(f"{prefix}c", (invalid(0), answered(1, "answer-3", "9 days", "unpriced", 1.0)), wrong, **changes),
        run(f"{prefix}d", (searched(0, "search-2"), computed(1)), wrong, **changes),
    )


def ranked(
    name: str,
    shown: tuple[Trajectory, ...],
    groups: tuple[tuple[str, ...], ...],
    unranked: tuple[str, ...] = (),
    acceptable: int | None = None,
    annotator: str = "ann",
    marks: tuple[StepMark, ...] = (),
) -> Judged:
    """A ranking of these trajectories under A, B, C, …"""
    labelled = tuple(Alternative(label, one.id) for label, one in zip("ABCDEFGH", shown, strict=False))
    ballot = Ballot(f"ballot of {name}", None, shown[0].query, labelled, 0, NOON)
    ranking = Ranking(name, ballot.id, groups, NOON, unranked, acceptable, None, annotator, marks=marks)
    there = {one.id: one for one in shown}
    return judged(judgement(ranking, ballot, there), there)


def examples() -> list[Judged]:
    """A line and a tray; no line; none acceptable; another P for each alternative; ungraded and without a reference."""
    first = alternatives()
    mixed = (
        run("m1", first[0].steps, Verdict.SOLVED, preference=PreferenceVector(1, 0, 0), query="Which is hottest?"),
        run("m2", first[1].steps, Verdict.SOLVED, preference=PreferenceVector(0.6, 1, 0.2), query="Which is hottest?"),
    )
    asked = {"query": "Who wrote Emma?", "reference": None}
    ungraded = (
        run("u1", (answered(0, "answer-1", "Jane Austen", "0.02", 4.0),), Verdict.UNGRADED, **asked),
        run("u2", (answered(0, "answer-4", "“Austen” 😀", "0.001", 1.0),), Verdict.UNGRADED, **asked),
    )
    marks = (StepMark("A", 1, "good"), StepMark("C", 0, "wrong", "says nothing"), StepMark("C", 1, "needless"))
    return [
        ranked("r1", first, (("B",), ("A", "C")), ("D",), 1, marks=marks),
        ranked("r2", first, (("A",), ("B",), ("D",), ("C",)), annotator="bob"),
        ranked("r3", first, (), ("A", "B", "C", "D"), 0, annotator="cleo"),
        ranked("r4", mixed, (("B",), ("A",))),
        ranked("r5", ungraded, (("A",), ("B",)), acceptable=2),
    ]


def pool() -> Pool:
    """What the aliases stand for."""
    price = Price("a list", None, Decimal("1.25"), Decimal(10))
    return Pool(
        "small",
        (
            PoolEntry("search-1", "gpt-5", "Writes queries.", 22.0, price),
            PoolEntry("reasoner-2", "own-coder", "Writes code.", 3.5),
            PoolEntry("answer-2", "gpt-5", "Answers.", 27.0, price),
        ),
    )


def written(name: str, options: FileOptions | None = None, some: list[Judged] | None = None) -> tuple[list[Row], Tally]:
    """The rows of a format and what was left out."""
    tally = Tally()
    wanted = options or FileOptions(pool=pool())
    return list(FORMATS[name].rows(iter(examples() if some is None else some), wanted, tally)), tally


def lines(name: str) -> Iterator[str]:
    """The golden file of a format."""
    for row in written(name)[0]:
        yield f"{json.dumps(row, ensure_ascii=False)}\n"


def main() -> None:
    """Write the golden files."""
    GOLDEN.mkdir(exist_ok=True)
    for name in FORMATS:
        (GOLDEN / f"{name}.jsonl").write_text("".join(lines(name)), "utf-8")


if __name__ == "__main__":
    main()

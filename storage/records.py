"""The JSON records of trajectories, runs, ballots and rankings, in and out.

Totals are derived when a record is written and checked, not believed, when it is read.
`docs/trajectory-format.md` describes the records field by field.
"""

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from orchestrator.alternatives import Run
from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import FORMAT, Step, Trajectory
from prefs.ballot import Ballot
from prefs.ranking import Ranking

Json = dict[str, Any]
T = TypeVar("T")

_TRAJECTORY: Final = TypeAdapter(Trajectory)
_STEP: Final = TypeAdapter(Step)
_RUN: Final = TypeAdapter(Run)
_BALLOT: Final = TypeAdapter(Ballot)
_RANKING: Final = TypeAdapter(Ranking)
_PREFERENCE: Final = TypeAdapter(PreferenceVector)


class RecordError(ValueError):
    """A record cannot be read; the message says which field and why."""


def trajectory_json(trajectory: Trajectory) -> Json:
    """The record of a trajectory, with its derived totals, as JSON values."""
    record: Json = {"format": trajectory.format, **_TRAJECTORY.dump_python(trajectory, mode="json")}
    for step, value in zip(record["steps"], trajectory.steps, strict=True):
        step.update(_totals(value))
    return record | _totals(trajectory)


def dump_trajectory(trajectory: Trajectory) -> str:
    """The record of a trajectory as one line of JSON."""
    return dump_line(trajectory_json(trajectory))


def load_trajectory(record: str | bytes | Mapping[str, Any]) -> Trajectory:
    """The trajectory of a record; raises RecordError where it is malformed or contradicts itself.

    Totals may be absent. A record without `started_at` started with its first call.
    """
    read = _read(record, "trajectory")
    started_at = read.get("started_at") or _first_start(read)
    trajectory = _valid(_TRAJECTORY.validate_python, read | {"started_at": started_at} if started_at else read)
    _agree(read, trajectory)
    return trajectory


def dump_header(trajectory: Trajectory) -> str:
    """The record of a trajectory without its steps and totals."""
    return _written(_TRAJECTORY, trajectory, exclude={"steps"})


def load_parts(header: str, steps: list[str]) -> Trajectory:
    """The trajectory of a header and its steps, in order."""
    return _valid(
        _TRAJECTORY.validate_python,
        _read(header, "trajectory") | {"steps": [_parsed(step, "step") for step in steps]},
    )


def dump_step(step: Step) -> str:
    """A step without totals, as one line of JSON."""
    return _written(_STEP, step)


def dump_run(run: Run) -> str:
    """The record of a run as one line of JSON."""
    return dump_line({"format": FORMAT, **_RUN.dump_python(run, mode="json")})


def load_run(record: str | bytes | Mapping[str, Any]) -> Run:
    """The run of a record; raises RecordError."""
    return _valid(_RUN.validate_python, _read(record, "run"))


def ballot_json(ballot: Ballot) -> Json:
    """The record of a ballot, with its derived version, as JSON values."""
    return {"format": FORMAT, **_BALLOT.dump_python(ballot, mode="json"), "version": ballot.version}


def dump_ballot(ballot: Ballot) -> str:
    """The record of a ballot as one line of JSON."""
    return dump_line(ballot_json(ballot))


def load_ballot(record: str | bytes | Mapping[str, Any]) -> Ballot:
    """The ballot of a record; raises RecordError."""
    return _valid(_BALLOT.validate_python, _read(record, "ballot"))


def ranking_json(ranking: Ranking, ballot: Ballot | None = None) -> Json:
    """The record of a ranking as JSON values; with its ballot it also tells the query and the trajectories ranked."""
    record: Json = {"format": FORMAT, **_RANKING.dump_python(ranking, mode="json")}
    if ballot is not None:
        record["query"] = ballot.query
        record["trajectories"] = {shown.label: shown.trajectory for shown in ballot.alternatives}
    return record


def dump_ranking(ranking: Ranking, ballot: Ballot | None = None) -> str:
    """The record of a ranking as one line of JSON."""
    return dump_line(ranking_json(ranking, ballot))


def load_ranking(record: str | bytes | Mapping[str, Any]) -> Ranking:
    """The ranking of a record; raises RecordError."""
    return _valid(_RANKING.validate_python, _read(record, "ranking"))


def load_preference(record: str | bytes | Mapping[str, Any]) -> PreferenceVector:
    """The preference vector of a record, such as `{"accuracy": 1, "cost": 0.5, "latency": 0}`; raises RecordError."""
    return _valid(_PREFERENCE.validate_python, _parsed(record, "preference"))


def _totals(priced: Trajectory | Step) -> Json:
    return {
        "cost_usd": f"{priced.cost_usd:f}",
        "unpriced_calls": priced.unpriced_calls,
        "latency_s": float(priced.latency_s),
        "simulated": priced.simulated,
    }


def _agree(record: Json, trajectory: Trajectory) -> None:
    claims = [("cost_usd", record, trajectory.cost_usd)]
    claims += [
        (f"steps.{step.index}.cost_usd", claimed, step.cost_usd)
        for claimed, step in zip(record.get("steps") or (), trajectory.steps, strict=True)
    ]
    for name, claimed, known in claims:
        total = claimed.get("cost_usd")
        if total is not None and _dollars(name, total) != known:
            raise RecordError(f"{name} says {total}, but the known dollars of the calls sum to {known:f}; leave it out")


def _dollars(name: str, total: object) -> Decimal:
    try:
        return Decimal(str(total))
    except InvalidOperation:
        raise RecordError(f"{name} must be dollars, not {total!r}") from None


def _first_start(record: Json) -> object:
    steps = record.get("steps")
    for step in steps if isinstance(steps, list) else ():
        calls = step.get("calls") if isinstance(step, dict) else None
        if isinstance(calls, list) and calls and isinstance(calls[0], dict):
            return calls[0].get("started_at")
    return None


def _read(record: str | bytes | Mapping[str, Any], noun: str) -> Json:
    """The JSON object of a record of a format that this version knows."""
    read = _parsed(record, noun)
    if not isinstance(read, dict):
        raise RecordError(f"a {noun} record is a JSON object, not {type(read).__name__}")
    version = read.get("format")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise RecordError(f"this is no {noun} record: its `format` must be a whole number from 1, not {version!r}")
    if version > FORMAT:
        raise RecordError(
            f"written by a newer Podium: format {version}, this one reads up to {FORMAT}. Update Podium to read it"
        )
    return read


def _parsed(record: str | bytes | Mapping[str, Any], noun: str) -> Any:
    try:
        text = record if isinstance(record, str | bytes) else json.dumps(dict(record))
        return json.loads(text, parse_constant=_not_a_number, parse_float=_finite)
    except RecordError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise RecordError(f"the {noun} record is not valid JSON: {error}") from None


def _not_a_number(constant: str) -> NoReturn:
    raise RecordError(f"{constant} is not a number that a record may hold; use null for what is unknown")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _not_a_number(digits)


def _valid(validate: Callable[[Json], T], record: Json) -> T:
    try:
        return validate(record)
    except ValidationError as error:
        raise RecordError(_first_problems(error)) from None


def _first_problems(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = [
        f"{'.'.join(map(str, problem['loc'])) or 'record'}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in problems[:3]
    ]
    more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
    return "; ".join(told) + more


def _written(adapter: TypeAdapter[T], value: T, exclude: set[str] | None = None) -> str:
    try:
        return adapter.dump_json(value, exclude=exclude).decode()
    except PydanticSerializationError:
        # Models do send half of a surrogate pair; only escaped ASCII can hold it.
        return json.dumps(adapter.dump_python(value, mode="json", exclude=exclude))


def dump_line(record: Json) -> str:
    """A record as one line of JSON; half a surrogate pair, which models do send, is escaped."""
    line = json.dumps(record, ensure_ascii=False, allow_nan=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(record)
    return line

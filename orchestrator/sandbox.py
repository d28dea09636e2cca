"""Run Python that a model wrote where it can do no harm: a worker process of pydantic-monty, one for each run.

The worker has no files, environment or network, and stops at limits of time, memory and recursion. A crash or a hang
ends the worker, never the application; the event loop goes on meanwhile.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Literal

from pydantic_monty import (
    AsyncMonty,
    MontyClassProxy,
    MontyCrashedError,
    MontyError,
    MontyRuntimeError,
    MontySyntaxError,
    ResourceLimits,
)

from orchestrator.trajectory import CodeRun

MODEL: Final = "pydantic-monty"
"""What stands as the model in a sandbox's model call."""
_GRACE_S = 1.0
_DEEPEST_VALUE = 30
_BRACKETS: Final[Mapping[type, tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one run of code may use."""

    seconds: float = 5.0
    """Of execution; as much again may be slept."""
    memory_bytes: int = 64 * 2**20
    recursion: int = 200
    """Function calls that may be open at once."""
    output_characters: int = 20_000
    """Kept of each of stdout, stderr, the value and the error; the rest is cut with a note."""

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= 3600:
            raise ValueError(f"the sandbox's limit of seconds must be above 0 and at most 3600, not {self.seconds}")
        for name in ("memory_bytes", "recursion", "output_characters"):
            if getattr(self, name) < 1:
                raise ValueError(f"the sandbox's limit of {name} must be 1 or more, not {getattr(self, name)}")


DEFAULT_LIMITS: Final = SandboxLimits()


async def run_code(code: str, *, limits: SandboxLimits = DEFAULT_LIMITS) -> CodeRun:
    """Run `code` in a fresh worker: stdout, stderr, the value of a last expression, or the error and its line.

    Never raises for what the code does. `random` starts from a fixed seed, so that the same code gives the same run.
    Cancelling returns at once and ends the worker.
    """
    room = limits.output_characters
    printed = _Printed(room)
    value: str | None = None
    error: str | None = None
    try:
        result = await _fed(code, printed, limits)
        value = None if result is None else _capped(_pieces(result, room), room)
    except MontyError as failure:
        error = _explained(failure, limits)
    except TimeoutError:
        error = f"TimeoutError: stopped after {limits.seconds:g} s, the limit of the sandbox"
    except (RuntimeError, TypeError, ValueError) as failure:
        error = f"{type(failure).__name__}: the value of the last expression cannot be shown: {failure}"
    return CodeRun(code, printed.text("stdout"), printed.text("stderr"), value, error and _capped((error,), room))


async def _fed(code: str, printed: "_Printed", limits: SandboxLimits) -> Any:
    longest_s = 2 * limits.seconds + _GRACE_S
    allowed = ResourceLimits(
        max_feed_duration_secs=limits.seconds,
        max_total_sleep_secs=limits.seconds,
        max_memory=limits.memory_bytes,
        max_recursion_depth=limits.recursion,
    )
    async with (
        asyncio.timeout(longest_s + _GRACE_S),
        AsyncMonty(max_processes=1, request_timeout=longest_s) as pool,
        pool.checkout(limits=allowed, os_policy={"random_start": {"seed": 0}}) as session,
    ):
        return await session.feed_run(code, print_callback=printed.take)


@dataclass(slots=True)
class _Printed:
    """What the code printed so far: up to `room` characters of each stream, and how many more there were."""

    room: int
    kept: dict[str, list[str]] = field(default_factory=lambda: {"stdout": [], "stderr": []})
    length: dict[str, int] = field(default_factory=lambda: {"stdout": 0, "stderr": 0})

    def take(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        left = self.room - self.length[stream]
        if left > 0:
            self.kept[stream].append(text[:left])
        self.length[stream] += len(text)

    def text(self, stream: Literal["stdout", "stderr"]) -> str:
        beyond = self.length[stream] - self.room
        note = f"\n… {beyond:,} more characters were cut" if beyond > 0 else ""
        return "".join(self.kept[stream]) + note


def _explained(failure: MontyError, limits: SandboxLimits) -> str:
    if isinstance(failure, MontyCrashedError):
        if failure.timed_out:
            return f"TimeoutError: stopped after {limits.seconds:g} s, the limit of the sandbox"
        return f"the sandbox's worker ended: {failure}"
    if not isinstance(failure, MontyRuntimeError | MontySyntaxError):
        return str(failure)
    frames = failure.traceback()
    where = f" (line {frames[-1].line})" if frames else ""
    return failure.display("type-msg") + where


def _pieces(value: object, room: int, depth: int = 0) -> Iterator[str]:
    """The `repr` of a value bit by bit, each of about `room` characters at most: a few megabytes of shared parts can
    have a `repr` without end, and the event loop must not wait for it.
    """
    if depth > _DEEPEST_VALUE:
        yield "…"
    elif isinstance(value, dict):
        inner = (chain(_pieces(k, room, depth + 1), (": ",), _pieces(v, room, depth + 1)) for k, v in value.items())
        yield from chain(("{",), _separated(inner), ("}",))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from _bracketed(value, room, depth)
    elif isinstance(value, BaseException):
        yield f"{type(value).__name__}("
        yield from chain(_separated(_pieces(one, room, depth + 1) for one in value.args), (")",))
    else:
        yield _leaf(value, room)


def _leaf(value: object, room: int) -> str:
    """The `repr` of a value without parts."""
    if isinstance(value, MontyClassProxy):
        return f"<{value.name} object>"
    if isinstance(value, str | bytes):
        return repr(value[:room]) if len(value) <= room else repr(value[:room])[:-1] + "…"
    if isinstance(value, int) and value.bit_length() > 14_000:
        return f"<an integer of {value.bit_length():,} bits>"
    return repr(value)


def _bracketed(value: Any, room: int, depth: int) -> Iterator[str]:
    if hasattr(value, "_fields"):
        named = zip(value._fields, value, strict=True)
        fields = (chain((f"{name}=",), _pieces(one, room, depth + 1)) for name, one in named)
        yield from chain((f"{type(value).__name__}(",), _separated(fields), (")",))
    elif not value:
        yield repr(value)
    else:
        opening, closing = next(both for kind, both in _BRACKETS.items() if isinstance(value, kind))
        yield opening
        yield from _separated(_pieces(item, room, depth + 1) for item in value)
        yield ",)" if isinstance(value, tuple) and len(value) == 1 else closing


def _separated(items: Iterable[Iterator[str]]) -> Iterator[str]:
    for number, item in enumerate(items):
        if number:
            yield ", "
        yield from item


def _capped(pieces: Iterable[str], room: int) -> str:
    kept: list[str] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length > room:
            return "".join(kept)[:room] + "… the rest was cut"
    return "".join(kept)

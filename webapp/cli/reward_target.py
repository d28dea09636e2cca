"""What `podium reward --lint TARGET` names: a function of a module or of a file, or an endpoint."""

import importlib
import importlib.util
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

import httpx

from prefs.linting.case import Record
from prefs.linting.scorer import Reward
from prefs.linting.signatures import from_trl, from_verl

SIGNATURES: Final[dict[str, Callable[[Callable[..., Any]], Reward]]] = {"trl": from_trl, "verl": from_verl}
SIGNATURE_NAMES: Final = ("records", *SIGNATURES)


class RefusedBatch(ValueError):
    """The endpoint would not score a batch; the message is its own."""


class SlowReward(TimeoutError):
    """The reward did not answer in time; the message says what to do."""


@contextmanager
def opened(target: str, signature: str, call_timeout_s: float) -> Iterator[Reward]:
    """The reward that is named, while it is open; raises ValueError where there is none."""
    if target.startswith(("http://", "https://")):
        if signature != "records":
            raise ValueError(f"an endpoint takes records; leave out --as {signature}")
        with httpx.Client(timeout=call_timeout_s) as client:
            yield posting(client, target)
        return
    function = _named(target)
    adapted: Reward = SIGNATURES[signature](function) if signature in SIGNATURES else function
    yield _in_time(adapted, call_timeout_s)


def posting(client: httpx.Client, address: str) -> Reward:
    """A reward that an endpoint like `POST /api/v1/reward` computes. HTTP 4xx is a refusal."""

    def reward(trajectories: list[Record], preference: dict[str, Any]) -> Sequence[float | None]:
        try:
            response = client.post(address, json={"trajectories": trajectories, "preference": preference})
        except httpx.ConnectError as error:
            raise ConnectionError(f"nobody answers at {address}: {error}") from error
        except httpx.TimeoutException as error:
            raise SlowReward(f"{address} did not answer in time; see --call-timeout") from error
        if response.is_client_error:
            raise RefusedBatch(f"HTTP {response.status_code}: {response.text[:300]}")
        response.raise_for_status()
        return [found["reward"] for found in response.json()["rewards"]]

    return reward


def _named(target: str) -> Callable[..., Any]:
    place, separator, name = target.rpartition(":")
    if not separator or not place or not name:
        raise ValueError(f"--lint takes module:function, path/to/file.py:function or an http address, not {target!r}")
    module = _file(Path(place)) if place.endswith(".py") else _module(place)
    function = getattr(module, name, None)
    if not callable(function):
        raise ValueError(f"{place} has no function named {name!r}")
    return function  # type: ignore[no-any-return]


def _module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise ValueError(f"cannot import {name}: {type(error).__name__}: {error}") from error


def _file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"linted_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ValueError(f"cannot load {path}: {type(error).__name__}: {error}") from error
    return module


def _in_time(reward: Reward, seconds: float) -> Reward:
    """The reward, interrupted after that long. Only the main thread of a Unix system can interrupt itself."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return reward

    def too_slow(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
        raise SlowReward(f"the reward did not answer within {seconds:g} s; see --call-timeout")

    def limited(trajectories: list[Record], preference: dict[str, Any]) -> Sequence[float | None]:
        before = signal.signal(signal.SIGALRM, too_slow)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return reward(trajectories, preference)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    return limited

"""What a vLLM server tells of itself at `/metrics`, in Prometheus's text format. Pure.

Versions name things differently and may leave some out; what is not told is `None`. Metrics of several engines, or of
several names of one model, are put together.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+-?\d+)?\s*")
_LABEL: Final = re.compile(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"')
_PREFIX: Final = re.compile(r".*vllm[:_]")
_FIRST_WAIT: Final = "time_to_first_token_seconds"
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "running": ("num_requests_running",),
    "waiting": ("num_requests_waiting",),
    "generation_tokens": ("generation_tokens",),
    "prompt_tokens": ("prompt_tokens",),
    "prefix_hits": ("prefix_cache_hits", "gpu_prefix_cache_hits"),
    "prefix_queries": ("prefix_cache_queries", "gpu_prefix_cache_queries"),
    "cache_used": ("kv_cache_usage_perc", "gpu_cache_usage_perc"),
}
"""What each number is called, newest name first, without the prefix and `_total`."""


@dataclass(frozen=True, slots=True)
class ServingMetrics:
    """One reading of a server. Counters run since the server started; tokens of a prefix are counted, not requests."""

    models: tuple[str, ...]
    """Names of the models it tells of."""
    running: int | None = None
    """Requests being worked on now."""
    waiting: int | None = None
    """Requests in its queue now."""
    generation_tokens: float | None = None
    """Tokens written."""
    prompt_tokens: float | None = None
    """Tokens read."""
    prefix_hits: float | None = None
    """Tokens of prompts that the prefix cache held."""
    prefix_queries: float | None = None
    """Tokens of prompts that were looked up in it."""
    cache_used: float | None = None
    """How much of the KV cache is in use, 0 to 1; of several engines the fullest."""
    first_token: tuple[tuple[float, float], ...] = ()
    """Seconds to the first token: upper bound of each bucket and how many requests stayed within it, rising."""

    @property
    def prefix_hit_rate(self) -> float | None:
        """Share of prompt tokens found in the prefix cache since the server started."""
        return _share(self.prefix_hits, self.prefix_queries)


@dataclass(frozen=True, slots=True)
class ServingRates:
    """What happened between two readings. `None`: nothing was told, nothing happened to measure, or it started anew."""

    generation_tokens_per_s: float | None
    prompt_tokens_per_s: float | None
    prefix_hit_rate: float | None
    first_token_s: float | None
    """Median seconds to the first token, interpolated within its bucket."""


def read_metrics(text: str, model: str | None = None) -> ServingMetrics | None:
    """The metrics of `model` where the server tells of it, else of all; `None` where the text is no vLLM's."""
    samples = [sample for line in text.splitlines() if (sample := _sample(line)) is not None]
    models = tuple(dict.fromkeys(name for _, labels, _ in samples if (name := labels.get("model_name"))))
    if model in models:
        models = (model,)
        samples = [one for one in samples if one[1].get("model_name", model) == model]
    values: defaultdict[str, list[float]] = defaultdict(list)
    for name, labels, value in samples:
        # Breakdowns of a number by reason or source have names of their own; its labels only tell servers apart.
        if set(labels) <= {"model_name", "engine", "engine_index"}:
            values[name].append(value)
    found = {field: _first(values, names) for field, names in _NAMES.items()}
    if not any(found.values()):
        return None
    return ServingMetrics(
        models,
        running=_whole(found["running"]),
        waiting=_whole(found["waiting"]),
        cache_used=max(found["cache_used"], default=None),
        first_token=_buckets(samples),
        **{
            field: sum(found[field]) if found[field] else None
            for field in ("generation_tokens", "prompt_tokens", "prefix_hits", "prefix_queries")
        },
    )


def rates(before: ServingMetrics, after: ServingMetrics, seconds: float) -> ServingRates:
    """What happened in the `seconds` between two readings of one server."""
    hits, queries = (
        _grown(before.prefix_hits, after.prefix_hits),
        _grown(before.prefix_queries, after.prefix_queries),
    )
    return ServingRates(
        _per_second(_grown(before.generation_tokens, after.generation_tokens), seconds),
        _per_second(_grown(before.prompt_tokens, after.prompt_tokens), seconds),
        _share(hits, queries),
        _median(before.first_token, after.first_token),
    )


_Sample = tuple[str, Mapping[str, str], float]


def _sample(line: str) -> _Sample | None:
    """Name without prefix and `_total`, labels, value; `None` for comments, other programs' metrics and nonsense."""
    match = _LINE.fullmatch(line)
    prefix = _PREFIX.match(match["name"]) if match else None
    if match is None or prefix is None:
        return None
    try:
        value = float(match["value"])
    except ValueError:
        return None
    if not math.isfinite(value) or value < 0:
        return None
    name = match["name"][prefix.end() :].removesuffix("_total")
    return name, dict(_LABEL.findall(match["labels"] or "")), value


def _first(values: Mapping[str, list[float]], names: Iterable[str]) -> list[float]:
    return next((values[name] for name in names if values.get(name)), [])


def _buckets(samples: Sequence[_Sample]) -> tuple[tuple[float, float], ...]:
    counts: defaultdict[float, float] = defaultdict(float)
    for name, labels, value in samples:
        if name == f"{_FIRST_WAIT}_bucket":
            for bound in _bounds(labels.get("le", "")):
                counts[bound] += value
    return tuple(sorted(counts.items()))


def _bounds(text: str) -> Iterator[float]:
    try:
        bound = float(text)
    except ValueError:
        return
    if not math.isnan(bound):
        yield bound


def _median(before: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]) -> float | None:
    earlier = dict(before)
    grown = [(bound, count - earlier.get(bound, 0.0)) for bound, count in after]
    if not grown or grown[-1][1] <= 0 or any(count < 0 for _, count in grown):
        return None
    half, low, below = grown[-1][1] / 2, 0.0, 0.0
    for bound, count in grown:
        if count >= half:
            # Behind the last bound nothing is known but that bound.
            return low if math.isinf(bound) else low + (bound - low) * (half - below) / (count - below)
        low, below = bound, count
    return None


def _grown(before: float | None, after: float | None) -> float | None:
    """How much a counter grew; `None` where it is unknown or began anew."""
    return None if before is None or after is None or after < before else after - before


def _per_second(grown: float | None, seconds: float) -> float | None:
    return None if grown is None or seconds <= 0 else grown / seconds


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else min(part / whole, 1.0)


def _whole(values: Sequence[float]) -> int | None:
    return round(sum(values)) if values else None

"""CPU per step of Podium's loop with persistence on, beside a bare aiohttp loop, LangGraph and Pydantic AI.

    PODIUM_BENCH_PYTHON=PEERS/bin/python python -m bench.loop --rounds 3

`bench/README.md` says how the peers' environment is made and how to read the result.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.measure import WARM_UP
from bench.report import FLOOR, PODIUM, report

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "bench" / "results"
PEERS: Final = ("langgraph_agent", "pydantic_ai_agent")
LONGEST_RUN_S: Final = 900


@dataclass(frozen=True, slots=True)
class Scale:
    """How many trajectories of which length run at once."""

    name: str
    concurrency: int
    trajectories: int
    tool_turns: int = 10
    latency_ms: int = 50


SCALES: Final = (
    Scale("1 at once", 1, 10),
    Scale("1 at once, 0 ms", 1, 30, latency_ms=0),
    Scale("100 at once", 100, 100),
    Scale("500 at once", 500, 500),
    Scale("10 turns", 20, 20),
    Scale("40 turns", 20, 20, tool_turns=40),
)


class Mock:
    """The mock model server, in a process of its own."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._cpu_s = self.stats()["cpu_s"]

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.address}/stats", timeout=30) as response:
            read: dict[str, Any] = json.load(response)
        return read

    def spent(self) -> dict[str, float]:
        """Requests, most in flight and CPU seconds since the last call."""
        stats = self.stats()
        before, self._cpu_s = self._cpu_s, stats["cpu_s"]
        return stats | {"cpu_s": stats["cpu_s"] - before}


@contextmanager
def mock_server(python: str) -> Iterator[Mock]:
    command = [python, "-m", "bench.mock_server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Mock(int(process.stdout.readline()))
        process.stdin.close()


def run(python: str, contender: str, scale: Scale, mock: Mock) -> dict[str, Any]:
    """One contender once, in a process of its own. Raises SystemExit where it fails or a step is missing or extra."""
    sizes = asdict(scale)
    sizes.pop("name")
    flags = [text for name, size in sizes.items() for text in (f"--{name.replace('_', '-')}", str(size))]
    command = [python, "-m", f"bench.contenders.{contender}", f"{mock.address}/v1", *flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_RUN_S, check=False)
    if done.returncode:
        raise SystemExit(f"{contender} failed with {scale.name}:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    served = mock.spent()
    steps = scale.trajectories * (scale.tool_turns + 1)
    asked = steps + WARM_UP * (scale.tool_turns + 1)
    if (result["steps"], served["requests"]) != (steps, asked):
        raise SystemExit(
            f"{contender} with {scale.name}: {result['steps']} steps of {steps}, "
            f"{served['requests']} requests of {asked} at the mock server"
        )
    return {
        "contender": contender,
        "scale": scale.name,
        "cpu_ms_per_step": 1000 * result["cpu_s"] / steps,
        "ideal_wall_s": steps * scale.latency_ms / 1000 / scale.concurrency,
        "mock_cpu_us_per_request": 1e6 * served["cpu_s"] / asked,
        "most_in_flight": served["most_in_flight"],
        "load": os.getloadavg()[0],
        **result,
    }


def rounds(turns: range, pythons: dict[str, str], scales: Sequence[Scale], mock: Mock) -> Iterator[dict[str, Any]]:
    """Every contender at every scale, once in each round; each round begins with another contender."""
    for turn in turns:
        names = list(pythons)
        order = names[turn % len(names) :] + names[: turn % len(names)]
        for scale in scales:
            for name in order:
                result = run(pythons[name], name, scale, mock) | {"round": turn}
                yield result
                print(
                    f"round {turn + 1}, {scale.name}, {name}: {result['cpu_ms_per_step']:.3f} ms CPU per step, "
                    f"{result['wall_s']:.2f} s",
                    file=sys.stderr,
                )


def write(results: Sequence[dict[str, Any]], out: Path) -> str:
    """Write what is measured so far as loop.json and loop.md; the latter's text."""
    measured = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(terse=True)},
        "results": results,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "loop.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    table = report(measured)
    (out / "loop.md").write_text(table, encoding="utf-8")
    return table


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="CPU per step of Podium's loop and of its peers.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--peers-python",
        default=os.environ.get("PODIUM_BENCH_PYTHON"),
        help="interpreter of the environment with bench/requirements.txt (default: $PODIUM_BENCH_PYTHON); "
        "without it only Podium and the bare loop run",
    )
    parser.add_argument("--contenders", nargs="*", choices=(FLOOR, PODIUM, *PEERS), help="only these")
    parser.add_argument("--scales", nargs="*", choices=[scale.name for scale in SCALES], help="only these")
    parser.add_argument("--add", action="store_true", help="add rounds to those that loop.json holds")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of loop.json and loop.md")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    pythons = {FLOOR: sys.executable, PODIUM: sys.executable}
    if asked.peers_python:
        pythons |= dict.fromkeys(PEERS, asked.peers_python)
    else:
        print("no --peers-python: LangGraph and Pydantic AI are left out", file=sys.stderr)
    pythons = {name: python for name, python in pythons.items() if name in (asked.contenders or pythons)}
    scales = [scale for scale in SCALES if scale.name in (asked.scales or (scale.name,))]
    kept = asked.out / "loop.json"
    results: list[dict[str, Any]] = json.loads(kept.read_bytes())["results"] if asked.add and kept.exists() else []
    first = max((result["round"] for result in results), default=-1) + 1
    with mock_server(asked.peers_python or sys.executable) as mock:
        for result in rounds(range(first, first + asked.rounds), pythons, scales, mock):
            results.append(result)
            write(results, asked.out)
    print(write(results, asked.out))


if __name__ == "__main__":
    main()

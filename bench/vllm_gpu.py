"""What an orchestrator of 8 billion parameters costs on a GPU: `.venv/bin/python -m bench.vllm_gpu --help`.

Starts a real vLLM server of a Qwen3-8B configuration with dummy weights (their values do not change the speed), or is
given the address of one, and runs 1, 8, 32 and 64 trajectories of `bench.vllm_load` at once.
"""

import argparse
import asyncio
import json
import platform
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from bench.vllm_load import Level, Plan, measured, table
from tests.vllm.server import CPU_ENVIRONMENT, CPU_FLAGS, MODEL, Server, serving

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "bench/results"
GPU_FLAGS: Final = ("--load-format=dummy", "--dtype=bfloat16", "--max-model-len=40960", "--gpu-memory-utilization=0.92")


def gpu() -> str | None:
    """The GPUs and their driver, as `nvidia-smi` names them."""
    asked = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return None
    return "; ".join(done.stdout.strip().splitlines()) or None if done.returncode == 0 else None


def keep(folder: Path, levels: Sequence[Level], about: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(each), **each.row} for each in levels]
    (folder / "vllm_gpu.json").write_text(json.dumps({**about, "levels": rows}, indent=2) + "\n", "utf-8")
    told = "\n".join(f"- {name}: {value}" for name, value in about.items())
    (folder / "vllm_gpu.md").write_text(f"# An orchestrator of 8B on vLLM\n\n{told}\n\n{table(levels)}\n", "utf-8")


@contextmanager
def server(wanted: argparse.Namespace) -> Iterator[Server]:
    """A server of the checkpoint that is asked for, made on the spot."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder, "checkpoint")
        script = [str(wanted.python), "-P", str(ROOT / "tests/vllm/checkpoint.py"), str(checkpoint)]
        subprocess.run([*script, *([] if wanted.small else ["--eight-billion"])], check=True)
        flags, environment = (CPU_FLAGS, CPU_ENVIRONMENT) if wanted.small else (GPU_FLAGS, {})
        with serving(wanted.python, checkpoint, Path(folder, "log"), [*flags, *wanted.flag], environment) as running:
            yield running


def said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--python", type=Path, help="the interpreter of an environment with vLLM: a server is started")
    add(
        "--url", help="or the address of a server that runs, up to /v1; start it with `--load-format dummy` or for real"
    )
    add("--model", default=MODEL, help="what the server at --url calls the model")
    add(
        "--flag",
        action="append",
        default=[],
        help="for the server that is started, such as --flag=--max-num-seqs=64",
    )
    add("--small", action="store_true", help="a small checkpoint on a CPU: to try this script, not to measure")
    add("--concurrency", type=int, nargs="+", default=[1, 8, 32, 64])
    add("--turns", type=int, default=10)
    add("--reply-tokens", type=int, default=300)
    add("--rounds", type=int, default=2, help="trajectories of each of those that run at once")
    add("--out", type=Path, default=RESULTS, help="folder of vllm_gpu.json and vllm_gpu.md")
    wanted = parser.parse_args()
    if bool(wanted.python) == bool(wanted.url):
        parser.error("name either --python or --url")
    if (wanted.small or gpu() is None) and wanted.out.resolve() == RESULTS:
        parser.error("figures of a CPU do not belong into bench/results; name another --out")
    return wanted


def main() -> None:
    wanted = said()
    plan = Plan(tuple(wanted.concurrency), wanted.turns, wanted.reply_tokens, wanted.rounds)
    about: dict[str, Any] = {"measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "gpu": gpu() or "none (CPU)"}
    about |= {"checkpoint": "small" if wanted.small else wanted.url or "Qwen3-8B configuration, dummy weights"}
    about |= {"python": platform.python_version(), "plan": asdict(plan)}
    if wanted.url:
        levels = asyncio.run(measured(wanted.url, wanted.model, plan))
        root = wanted.url.removesuffix("/v1")
        about["vllm"] = httpx.get(f"{root}/version", trust_env=False).json().get("version")
    else:
        with server(wanted) as running:
            levels = asyncio.run(measured(running.base_url, MODEL, plan))
            about["vllm"] = httpx.get(f"{running.root}/version", trust_env=False).json().get("version")
    keep(wanted.out, levels, about)


if __name__ == "__main__":
    main()

"""Serve the orchestrator's model with vLLM: `python deploy/vllm/serve.py`, which `make vllm` calls.

It looks whether the model fits into a GPU of this machine, asks once for the acceptance of the model's licence, makes
an environment for vLLM beside the app's, and becomes `vllm serve`. Standard library only.
"""

import argparse
import os
import shlex
import socket
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gpu_memory import BYTES_PER_PARAMETER, CannotServe, Gpu, Need, check_fits, chosen, gpus

ROOT: Final = Path(__file__).parents[2]
VLLM: Final = "vllm==0.33.0"
MODEL: Final = "nvidia/Nemotron-Orchestrator-8B"
SERVED_NAME: Final = "orchestrator"
CONTEXT: Final = 40_960
"""Tokens; the model's whole context, which Podium's longest prompts and replies use."""
ACCEPT: Final = "PODIUM_ACCEPT_MODEL_LICENSE"
NOTICE: Final = f"""\
{MODEL} is published under the NVIDIA License:
for research and development only, not for production. Read it on the model's card
before you accept it. Podium does not contain the model; vLLM downloads it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line and the environment ask for."""

    model: str
    host: str
    port: int
    gpu: str | None
    """Index; `None`: the one with the most free memory."""
    max_model_len: int
    quantization: str
    gpu_memory_utilization: float
    environment: Path
    accept_license: bool
    dry_run: bool
    more: tuple[str, ...]
    """Passed on to vLLM as it is."""

    @property
    def line(self) -> list[str]:
        """`vllm serve` with what an orchestrator needs: calls in Hermes form, and thinking left in the reply."""
        line = [str(self.environment / "bin/vllm"), "serve", self.model, "--served-model-name", SERVED_NAME]
        line += ["--enable-auto-tool-choice", "--tool-call-parser", "hermes", "--enable-prompt-tokens-details"]
        line += ["--host", self.host, "--port", str(self.port), "--max-model-len", str(self.max_model_len)]
        line += ["--dtype", "bfloat16", "--gpu-memory-utilization", str(self.gpu_memory_utilization)]
        if self.quantization != "none":
            line += ["--quantization", self.quantization]
        return [*line, *self.more]


def wanted(arguments: Sequence[str], environment: Mapping[str, str]) -> Wanted:
    """Read the command line; flags come before the environment."""
    parser = argparse.ArgumentParser(
        prog="serve.py", description=__doc__, epilog="What stands behind -- is passed on to vllm serve as it is."
    )
    add = parser.add_argument
    add(
        "--model", default=environment.get("PODIUM_VLLM_MODEL", MODEL), help="or PODIUM_VLLM_MODEL; default %(default)s"
    )
    add("--host", default="127.0.0.1", help="loopback, because vLLM's --api-key leaves routes open")
    add("--port", type=int, default=environment.get("PODIUM_VLLM_PORT", "8001"), help="or PODIUM_VLLM_PORT; 8001")
    add("--gpu", help="index of the GPU; default: the one with the most free memory")
    add("--max-model-len", type=int, default=CONTEXT, help="tokens of prompt and reply together; default %(default)s")
    add("--quantization", choices=sorted(BYTES_PER_PARAMETER), default="none", help="smaller weights, other replies")
    add("--gpu-memory-utilization", type=float, default=0.92, help="share of the GPU's memory; default %(default)s")
    add("--environment", type=Path, default=ROOT / ".venv-vllm-gpu", help="where vLLM is or will be installed")
    add("--accept-license", action="store_true", help=f"accept the model's licence; so does {ACCEPT}=yes")
    add("--dry-run", action="store_true", help="print the command; install, accept and start nothing")
    own, more = list(arguments), []
    if "--" in own:
        own, more = own[: own.index("--")], own[own.index("--") + 1 :]
    return Wanted(**vars(parser.parse_args(own)), more=tuple(more))


def gpu_for(asked: Wanted) -> Gpu:
    """The GPU to serve on; raises CannotServe where there is none or the model does not fit."""
    gpu = chosen(gpus(), asked.gpu)
    if asked.model != MODEL or gpu.total_gib is None or gpu.free_gib is None:
        say(f"GPU {gpu.index} ({gpu.name}). Whether {asked.model} fits is not known here; vLLM will tell.")
        return gpu
    need = Need(asked.quantization, asked.max_model_len)
    say(f"GPU {gpu.index} ({gpu.name}): {gpu.total_gib:.1f} GiB, {gpu.free_gib:.1f} free. {MODEL} needs {need}.")
    check_fits(gpu, need, asked.gpu_memory_utilization)
    return gpu


def check_license(asked: Wanted, environment: Mapping[str, str]) -> None:
    """Have the model's licence accepted, once; raises CannotServe where it is not."""
    if asked.model != MODEL:
        say(f"{asked.model} has a licence of its own; its card tells.")
        return
    remembered = data_folder(environment) / "accepted-model-licenses.txt"
    if remembered.exists() and MODEL in remembered.read_text("utf-8").split():
        return
    say(NOTICE)
    if asked.dry_run:
        return
    if not (asked.accept_license or environment.get(ACCEPT) == "yes" or _typed()):
        raise CannotServe(f"the licence was not accepted; to accept it without being asked, set {ACCEPT}=yes")
    remembered.parent.mkdir(parents=True, exist_ok=True)
    with remembered.open("a", encoding="utf-8") as file:
        file.write(f"{MODEL} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n")


def _typed() -> bool:
    return sys.stdin.isatty() and input("Type yes to accept it: ").strip().lower() == "yes"


def data_folder(environment: Mapping[str, str]) -> Path:
    """Where Podium keeps what belongs to this user."""
    return Path(environment.get("PODIUM_DATA_DIR") or Path.home() / ".local" / "share" / "podium")


def check_port(host: str, port: int) -> None:
    """Raises CannotServe where the port is taken; vLLM would say so only after minutes of loading."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotServe(f"port {port} of {host} cannot be used ({reason}); choose one with --port") from error


def make_environment(folder: Path) -> None:
    """Install vLLM into `folder`, unless it is there; raises CannotServe."""
    ready = folder / "ready"
    if ready.exists() and ready.read_text("utf-8") == VLLM:
        return
    say(f"Installing {VLLM} into {folder}: some gigabytes, some minutes.")
    venv.create(folder, with_pip=True)
    done = subprocess.run([str(folder / "bin/python"), "-m", "pip", "install", VLLM], check=False)  # noqa: S603
    if done.returncode:
        raise CannotServe(f"{VLLM} cannot be installed; pip says why above")
    ready.write_text(VLLM, "utf-8")


def serve(asked: Wanted, environment: Mapping[str, str]) -> None:
    """Check, prepare, and become vLLM; raises CannotServe. With `dry_run`, only tell the command."""
    gpu = gpu_for(asked)
    check_license(asked, environment)
    # By its place on the bus, as nvidia-smi counts; by default CUDA counts the fastest first.
    seen = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": gpu.index}
    if asked.dry_run:
        say(f"{' '.join(f'{name}={value}' for name, value in seen.items())} {shlex.join(asked.line)}")
        return
    check_port(asked.host, asked.port)
    make_environment(asked.environment)
    say(
        "Starting vLLM; the first time it downloads the model. When it says that startup is complete, in another "
        f"terminal:\n\n    podium serve --policy openai:http://{asked.host}:{asked.port}/v1#{SERVED_NAME}\n"
    )
    os.execve(asked.line[0], asked.line, {**environment, **seen})  # noqa: S606


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, flush=True)  # noqa: T201


def main() -> int:
    """Serve; 2 where that cannot be done."""
    try:
        serve(wanted(sys.argv[1:], os.environ), os.environ)
    except CannotServe as reason:
        sys.stderr.write(f"{reason}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

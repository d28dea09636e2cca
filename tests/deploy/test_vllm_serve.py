"""`deploy/vllm/serve.py` as a person runs it: a process, with a program on the path that stands for `nvidia-smi`."""

import os
import pty
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.vllm.gpu_memory import EMBEDDING, LINEAR, CannotServe, Gpu, Need, check_fits

SCRIPT = Path(__file__).parents[2] / "deploy/vllm/serve.py"
LARGE = "0, NVIDIA H100 80GB HBM3, 81559, 81008"
MODEL = "nvidia/Nemotron-Orchestrator-8B"


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with some GPUs, and a user's folder."""

    folder: Path

    def gpus(self, *rows: str, exit_code: int = 0) -> None:
        """Make `nvidia-smi` say these rows."""
        program = self.folder / "bin/nvidia-smi"
        program.parent.mkdir(exist_ok=True)
        said = "\n".join(rows)
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit {exit_code}\n")
        program.chmod(0o755)

    def vllm(self) -> Path:
        """An environment in which `vllm` tells how it was started."""
        folder = self.folder / "environment"
        (folder / "bin").mkdir(parents=True)
        program = folder / "bin/vllm"
        program.write_text('#!/bin/sh\necho "vllm $*"\necho "on GPU $CUDA_VISIBLE_DEVICES by $CUDA_DEVICE_ORDER"\n')
        program.chmod(0o755)
        (folder / "ready").write_text("vllm==0.33.0")
        return folder

    def environment(self, **more: str) -> dict[str, str]:
        """Only what the script may rely on."""
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.folder / "home"), "PODIUM_DATA_DIR": str(self.data), **more}

    @property
    def data(self) -> Path:
        """Where the acceptance of a licence is remembered."""
        return self.folder / "data"

    def serve(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script with nobody at the terminal."""
        return subprocess.run(
            [sys.executable, str(SCRIPT), *arguments],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=self.environment(**environment),
            timeout=60,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def port() -> int:
    """A port that is free when the test begins."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_machine_without_a_gpu_is_refused_with_what_to_do_instead(machine: Machine) -> None:
    (machine.folder / "bin").mkdir()
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        capture_output=True,
        text=True,
        check=False,
        env=machine.environment(PATH=str(machine.folder / "bin")),
    )
    assert done.returncode == 2
    assert "no NVIDIA GPU" in done.stderr
    assert "podium serve --policy openai:" in done.stderr
    assert "make run" in done.stderr


def test_a_driver_that_does_not_work_is_quoted(machine: Machine) -> None:
    machine.gpus("Failed to initialize NVML: Driver/library version mismatch", exit_code=18)
    done = machine.serve()
    assert done.returncode == 2
    assert "Driver/library version mismatch" in done.stderr


def test_a_machine_whose_gpus_are_not_listed_is_refused(machine: Machine) -> None:
    machine.gpus("")
    done = machine.serve()
    assert done.returncode == 2
    assert "lists no GPU" in done.stderr


def test_a_gpu_that_is_far_too_small_is_refused_with_the_numbers(machine: Machine) -> None:
    machine.gpus("0, NVIDIA GeForce RTX 3050, 6144, 5900")
    done = machine.serve()
    assert done.returncode == 2
    assert "6.0 GiB, 5.8 free" in done.stdout
    assert "needs 22.4 GiB: 15.3 for the weights, 5.6 for the KV cache" in done.stdout
    assert "does not fit into the 5.5 GiB" in done.stderr
    assert "Neither would smaller weights" in done.stderr
    assert not machine.data.exists()


@pytest.mark.parametrize(
    ("gpu", "flags"),
    [
        ("0, NVIDIA GeForce RTX 4090, 24564, 24200", "--max-model-len 37888"),
        ("0, NVIDIA GeForce RTX 4080, 16376, 16100", "--max-model-len 31744 --quantization fp8"),
        ("0, NVIDIA GeForce RTX 3060, 12288, 12000", "--max-model-len 25600 --quantization bitsandbytes"),
    ],
)
def test_a_gpu_that_is_a_little_too_small_is_told_what_would_fit(machine: Machine, gpu: str, flags: str) -> None:
    machine.gpus(gpu)
    done = machine.serve("--dry-run")
    assert done.returncode == 2
    assert f"This would fit: {flags}." in done.stderr
    again = machine.serve("--dry-run", *flags.split())
    assert again.returncode == 0, again.stderr
    assert flags.split()[1] in again.stdout


def test_a_gpu_that_is_in_use_is_refused(machine: Machine) -> None:
    machine.gpus("0, NVIDIA A100-SXM4-80GB, 81920, 20000")
    done = machine.serve()
    assert done.returncode == 2
    assert "other programs leave 19.5 free" in done.stderr
    assert "--gpu-memory-utilization" in done.stderr


def test_the_dry_run_tells_the_command_and_does_nothing(machine: Machine) -> None:
    machine.gpus("0, NVIDIA H100 80GB HBM3, 81559, 70", "1, NVIDIA H100 80GB HBM3, 81559, 81008")
    done = machine.serve("--dry-run", "--", "--enforce-eager")
    assert done.returncode == 0, done.stderr
    command = done.stdout.splitlines()[-1]
    assert command.startswith("CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=1 ")
    assert f"/.venv-vllm-gpu/bin/vllm serve {MODEL} --served-model-name orchestrator" in command
    for flags in (
        "--enable-auto-tool-choice --tool-call-parser hermes",
        "--enable-prompt-tokens-details",
        "--host 127.0.0.1 --port 8001",
        "--max-model-len 40960",
    ):
        assert flags in command
    assert command.endswith(" --enforce-eager")
    assert "research and development only" in done.stdout
    assert not machine.data.exists()


def test_a_gpu_can_be_named_and_must_exist(machine: Machine) -> None:
    machine.gpus(LARGE, LARGE.replace("0", "1", 1))
    assert "CUDA_VISIBLE_DEVICES=0 " in machine.serve("--dry-run", "--gpu", "0").stdout
    done = machine.serve("--gpu", "7")
    assert done.returncode == 2
    assert "there is no GPU 7; there are 0, 1" in done.stderr


def test_another_model_is_neither_measured_nor_given_a_licence_that_is_not_its_own(machine: Machine) -> None:
    machine.gpus("0, NVIDIA GeForce RTX 3050, 6144, 5900")
    done = machine.serve("--dry-run", PODIUM_VLLM_MODEL="Qwen/Qwen3-0.6B", PODIUM_VLLM_PORT="8009")
    assert done.returncode == 0, done.stderr
    assert "vllm serve Qwen/Qwen3-0.6B" in done.stdout
    assert "--port 8009" in done.stdout
    assert "NVIDIA License" not in done.stdout
    assert "has a licence of its own" in done.stdout


def test_a_gpu_that_does_not_tell_its_memory_is_tried(machine: Machine) -> None:
    machine.gpus("0, NVIDIA GB10, [N/A], [N/A]")
    done = machine.serve("--dry-run")
    assert done.returncode == 0, done.stderr
    assert "is not known here" in done.stdout


def test_without_acceptance_of_the_licence_nothing_starts(machine: Machine) -> None:
    machine.gpus(LARGE)
    done = machine.serve(f"--environment={machine.vllm()}")
    assert done.returncode == 2
    assert "PODIUM_ACCEPT_MODEL_LICENSE=yes" in done.stderr
    assert "vllm serve" not in done.stdout
    assert not machine.data.exists()


def test_the_licence_is_accepted_once_and_vllm_starts_on_the_gpu(machine: Machine, port: int) -> None:
    machine.gpus(LARGE)
    flags = [f"--environment={machine.vllm()}", "--port", str(port)]
    first = machine.serve(*flags, PODIUM_ACCEPT_MODEL_LICENSE="yes")
    assert first.returncode == 0, first.stderr
    assert "research and development only" in first.stdout
    assert f"podium serve --policy openai:http://127.0.0.1:{port}/v1#orchestrator" in first.stdout
    assert f"vllm serve {MODEL}" in first.stdout
    assert "on GPU 0 by PCI_BUS_ID" in first.stdout
    again = machine.serve(*flags)
    assert again.returncode == 0, again.stderr
    assert "research and development only" not in again.stdout


@pytest.mark.parametrize(("typed", "exit_code"), [("yes", 0), ("no", 2)])
def test_a_person_at_the_terminal_is_asked(machine: Machine, port: int, typed: str, exit_code: int) -> None:
    machine.gpus(LARGE)
    ours, theirs = pty.openpty()
    command = [sys.executable, str(SCRIPT), f"--environment={machine.vllm()}", "--port", str(port)]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, env=machine.environment()) as process:
        os.write(ours, f"{typed}\n".encode())
        said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == exit_code
    assert b"Type yes to accept it" in said
    assert (b"vllm serve" in said) == (typed == "yes")


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(machine: Machine) -> None:
    machine.gpus(LARGE)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        done = machine.serve(f"--environment={machine.vllm()}", "--accept-license", "--port", taken)
    assert done.returncode == 2
    assert f"port {taken} of 127.0.0.1 cannot be used" in done.stderr


def test_the_model_has_the_parameters_that_its_card_tells() -> None:
    assert pytest.approx(8.19e9, rel=0.001) == LINEAR + EMBEDDING


@given(total_gib=st.floats(1, 200), quantization=st.sampled_from(["none", "fp8", "bitsandbytes"]))
def test_what_is_said_to_fit_fits(total_gib: float, quantization: str) -> None:
    gpu = Gpu("0", "a GPU", total_gib, total_gib)
    try:
        check_fits(gpu, Need(quantization, 40_960), share=0.92)
    except CannotServe as refusal:
        told = re.search(r"--max-model-len (\d+)(?: --quantization (\w+))?", str(refusal))
        if told:
            check_fits(gpu, Need(told[2] or "none", int(told[1])), share=0.92)

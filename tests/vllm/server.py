"""A real vLLM server on loopback: started on a free port, waited for, stopped or killed with all its processes."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MODEL: Final = "orchestrator"
"""The name under which the model is served."""
START_TIMEOUT_S: Final = 240.0
STOP_TIMEOUT_S: Final = 20.0
ENVIRONMENT: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
}
CPU_ENVIRONMENT: Final = {"VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
"""One GiB of KV cache holds a million tokens of the small checkpoint."""
SERVING_FLAGS: Final = (
    "--enable-auto-tool-choice",
    "--tool-call-parser=hermes",
    "--enable-prompt-tokens-details",
)
"""What an orchestrator needs of a server, on any machine."""
# On a CPU, vLLM 0.32 dies of a request that has a seed and whose prompt it reads in chunks ("CPU Generator does not
# use offset"). So prompts are read whole.
CPU_FLAGS: Final = (
    "--load-format=dummy",
    "--enforce-eager",
    "--max-model-len=40960",
    "--max-num-seqs=8",
    "--no-enable-chunked-prefill",
    "--max-num-batched-tokens=40960",
)
_TAIL_LINES: Final = 25


class ServerFailed(RuntimeError):
    """The server did not come up; the message ends with the last lines of its log."""


@dataclass(slots=True)
class Server:
    """A running server and its processes, which form a process group of their own."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    start_s: float = 0.0
    """Seconds until it was healthy."""

    @property
    def root(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """Its OpenAI-compatible address, up to and including `/v1`."""
        return f"{self.root}/v1"

    @property
    def spec(self) -> str:
        """The SPEC of the policy that asks it."""
        return f"openai:{self.base_url}#{MODEL}"

    def wait_until_healthy(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Until `/health` replies; raises ServerFailed where the process ends or the time is over."""
        began = time.monotonic()
        while not _healthy(self.root):
            if self.process.poll() is not None:
                raise ServerFailed(f"the vLLM server ended with exit code {self.process.returncode}{self._tail()}")
            if time.monotonic() - began > timeout_s:
                self.kill()
                raise ServerFailed(f"the vLLM server was not healthy after {timeout_s:g} s{self._tail()}")
            time.sleep(0.25)
        self.start_s = time.monotonic() - began

    def stop(self) -> None:
        """Ask it to end, and kill what is left of it."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_TIMEOUT_S)
        self.kill()

    def kill(self) -> None:
        """End every process of it at once, as `kill -9` does."""
        self._signal(signal.SIGKILL)
        self.process.wait(STOP_TIMEOUT_S)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # All of it has ended.
            os.killpg(self.process.pid, number)

    def _tail(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()
        # The engine is a process of its own: what ended it stands far above the end.
        engine = [line for line in lines if "(EngineCore" in line and "ERROR" in line][-_TAIL_LINES:]
        return "; the end of its log:\n" + "\n".join([*engine, *lines[-_TAIL_LINES:]])


@contextmanager
def serving(
    python: Path,
    checkpoint: Path,
    log: Path,
    flags: Sequence[str] = CPU_FLAGS,
    environment: Mapping[str, str] = CPU_ENVIRONMENT,
    port: int | None = None,
) -> Iterator[Server]:
    """A healthy server of the checkpoint, gone afterwards; raises ServerFailed."""
    server = start(python, checkpoint, log, flags, environment, port)
    try:
        server.wait_until_healthy()
        yield server
    finally:
        server.stop()


def start(
    python: Path,
    checkpoint: Path,
    log: Path,
    flags: Sequence[str],
    environment: Mapping[str, str],
    port: int | None,
) -> Server:
    """Start the server and do not wait for it."""
    port = port or free_port()
    # The command `vllm` does not start where the installed wheel has another name, as the CPU build's has.
    command = [str(python), "-P", "-m", "vllm.entrypoints.openai.api_server", "--host=127.0.0.1", f"--port={port}"]
    command += [f"--model={checkpoint}", f"--served-model-name={MODEL}", *SERVING_FLAGS, *flags]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT, **environment},
            start_new_session=True,
        )
    return Server(port, process, log)


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _healthy(root: str) -> bool:
    # Without the proxies of the environment: loopback is asked directly.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{root}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False

"""`compose.yaml`: who waits for whom, who is published, where secrets come from, and the licence."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVE = (ROOT / "deploy/vllm/serve.py").read_text("utf-8")


def test_the_app_waits_until_the_model_and_the_database_are_healthy() -> None:
    assert SERVICES["app"]["depends_on"] == {
        "vllm": {"condition": "service_healthy"},
        "database": {"condition": "service_healthy"},
    }
    assert "/health" in SERVICES["vllm"]["healthcheck"]["test"][-1]
    assert SERVICES["database"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text("utf-8")


def test_only_the_page_is_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"app"}
    assert all(port.startswith("127.0.0.1:") for port in published["app"])
    assert not any("network_mode" in service for service in SERVICES.values())


def test_the_database_is_on_a_network_without_a_way_out_and_vllm_is_not_on_it() -> None:
    assert SERVICES["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert "inside" not in SERVICES["vllm"]["networks"]
    assert set(SERVICES["app"]["networks"]) == {"models", "inside"}


def test_images_are_pinned_and_vllm_is_the_version_that_serve_installs() -> None:
    assert SERVICES["vllm"]["image"] == f"vllm/vllm-openai:v{version_of_serve()}"
    assert re.fullmatch(r"postgres:\d+\.\d+", SERVICES["database"]["image"])


def version_of_serve() -> str:
    found = re.search(r'"vllm==([\d.]+)"', SERVE)
    assert found
    return found[1]


def test_vllm_gets_the_flags_that_serve_gives_it() -> None:
    command = SERVICES["vllm"]["command"]
    flags = dict(flag.removeprefix("--").partition("=")[::2] for flag in command[1:])
    assert f'MODEL: Final = "{command[0]}"' in SERVE
    assert f'SERVED_NAME: Final = "{flags["served-model-name"]}"' in SERVE
    for name in set(flags) - {"host"}:
        assert f"--{name}" in SERVE, name
    assert flags["port"] in SERVICES["app"]["environment"]["PODIUM_POLICY"]
    assert SERVICES["app"]["environment"]["PODIUM_POLICY"].endswith(f"#{flags['served-model-name']}")


def test_vllm_gets_one_gpu_and_keeps_the_model_in_a_volume() -> None:
    (device,) = SERVICES["vllm"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    for name, service in SERVICES.items():
        kept = [volume.partition(":")[0] for volume in service["volumes"]]
        assert set(kept) <= set(COMPOSE["volumes"]), name


def test_every_secret_comes_from_the_environment() -> None:
    secret = re.compile(r"PASSWORD|TOKEN|KEY|SECRET|DATABASE_URL")
    found = [
        (name, value)
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if secret.search(name)
    ]
    assert len(found) == 3
    for name, value in found:
        assert re.search(r"\$\{[A-Z_]+:[?-]", value), name
    assert not re.search(r"PASSWORD:-\w", (ROOT / "compose.yaml").read_text("utf-8")), "a password has a default"


@pytest.mark.parametrize(("accepted", "starts"), [("yes", True), ("no", False), ("", False)])
def test_vllm_starts_only_when_the_licence_of_the_model_is_accepted(
    tmp_path: Path, accepted: str, starts: bool
) -> None:
    program = tmp_path / "vllm"
    program.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n')
    program.chmod(0o755)
    service = SERVICES["vllm"]
    # Compose writes $ as $$.
    command = [word.replace("$$", "$") for word in (*service["entrypoint"], *service["command"])]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PODIUM_ACCEPT_MODEL_LICENSE": accepted}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if starts:
        assert done.returncode == 0
        assert done.stdout.splitlines() == ["serve", *service["command"]]
    else:
        assert done.returncode == 2
        assert "research and development" in done.stderr
        assert done.stdout == ""

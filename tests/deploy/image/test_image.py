"""The real Dockerfile, built, and the image started as docs/docker.md says."""

import http.client
import secrets
from pathlib import Path

from tests.deploy.image.engine import HARDENED, Engine, until_healthy

ADD = ("podium", "user", "add", "ada", "--role", "admin", "--password-stdin")
STOP_S = 20


def test_the_image_says_who_runs_what_where(engine: Engine) -> None:
    config = engine.config()
    assert config["User"] == "1000:1000"
    assert config["Cmd"] == ["podium", "serve"]
    assert config["Volumes"] == {"/data": {}}
    assert config["WorkingDir"] == "/data"
    assert config["ExposedPorts"] == {"8000/tcp": {}}
    assert "/readyz" in config["Healthcheck"]["Test"][-1]
    assert {"PODIUM_DATA_DIR=/data", "PODIUM_HOST=0.0.0.0", "PODIUM_PORT=8000"} <= set(config["Env"])
    assert {"GRADIO_ANALYTICS_ENABLED=False", "ORT_DISABLE_TELEMETRY=1"} <= set(config["Env"]), "nothing reports home"


def test_the_image_holds_no_source_and_belongs_to_root(engine: Engine) -> None:
    done = engine.run("sh", "-c", "id -u; ls -A /app; find /venv -not -user root | head -3; touch /venv/x")
    assert done.stdout.split() == ["1000"]
    assert done.returncode != 0


def test_without_an_account_the_container_does_not_start(engine: Engine, port: int) -> None:
    done = engine.run(flags=(*HARDENED, f"--env=PODIUM_PORT={port}", "--volume=empty:/data"))
    assert done.returncode == 2
    assert "nobody has an account yet. Make the first one: podium user add NAME --role admin" in done.stderr


def test_a_folder_of_the_host_that_belongs_to_root_is_refused_plainly(
    engine: Engine, port: int, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    done = engine.run(flags=(f"--env=PODIUM_PORT={port}", f"--volume={tmp_path}:/data"))
    assert done.returncode == 2
    assert "the database cannot be opened" in done.stderr


def test_the_bundled_orchestrator_runs_in_the_image(engine: Engine) -> None:
    done = engine.run("podium", "ask", "How many is 17 times 23?", flags=(*HARDENED, "--volume=asked:/data"))
    assert done.returncode == 0, done.stderr
    assert "[1] step 0:" in done.stderr
    assert "telemetry" not in done.stderr


def test_with_an_account_it_serves_until_it_is_asked_to_stop(engine: Engine, check: list[str], port: int) -> None:
    volume = "--volume=data:/data"
    made = engine.run(*ADD, flags=(volume,), said=secrets.token_urlsafe())
    assert made.stdout.startswith("ada is an admin"), made.stderr
    with engine.started("podium", *HARDENED, f"--env=PODIUM_PORT={port}", volume) as beside:
        until_healthy(beside, check)
        assert leads_to(port, "/ui") == (303, "/login?next=%2Fui")
        assert leads_to(port, "/login") == (200, None)
        assert "nothing wrong" in beside("podium", "db", "check").stderr
        assert beside("podium", "db", "backup", "/data/backup-1.sqlite3").returncode == 0
        assert beside("touch", "/x").returncode != 0, "the root is read-only"
        code, took_s = engine.stop("podium", STOP_S)
        assert code == 0
        assert took_s < 10
        assert "Podium has stopped" in engine.log("podium")


def leads_to(port: int, path: str) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("location")

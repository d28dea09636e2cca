"""Names and texts that would steer a terminal are shown as what they are; secrets do not reach standard error."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.page.conftest import ROOT
from webapp.cli import main
from webapp.cli.streams import Plainly, plainly
from webapp.operations.secrets import Secrets

HOSTILE = "toll \x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[1;1Hpodium: all is well\r\x9b31m\u202e\x08\x00 end"
PLAIN = "toll \\x1b]52;c;ZXZpbA==\\x07\\x1b[2J\\x1b[1;1Hpodium: all is well\\x0d\\x9b31m\\u202e\\x08\\x00 end"
SECRET = "canary-5f2d9c41b7"
URL = f"postgresql://podium:{SECRET}@127.0.0.1:1/podium"


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Standard output and standard error are a terminal; gives what it was sent."""
    leader, follower = os.openpty()
    told: list[str] = []
    with os.fdopen(follower, "w", encoding="utf-8", newline="") as screen, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        patch.setattr(sys, "stderr", screen)
        yield told
        screen.flush()
        told.append(os.read(leader, 1_000_000).decode())
    os.close(leader)


def test_control_characters_are_shown_as_escapes() -> None:
    assert plainly(HOSTILE) == PLAIN
    assert (
        plainly("tabs\tand lines\nstay, and so do é, 字, 🙂 and 1\u00a0000")
        == "tabs\tand lines\nstay, and so do é, 字, 🙂 and 1\u00a0000"
    )


def test_progress_may_rewrite_its_own_line_and_no_other() -> None:
    show = Plainly()
    told = [
        show(text)
        for text in ("\r\x1b[K10 of 20", "\r\x1b[K20 of 20", "", "\n", "answer", "\r\x1b[Kfaked", "\n", "x\x1b[K\n")
    ]
    assert told == ["\r\x1b[K10 of 20", "\r\x1b[K20 of 20", "", "\n", "answer", "\\x0d\\x1b[Kfaked", "\n", "x\\x1b[K\n"]


@pytest.mark.parametrize("flag", [[], ["--json"]], ids=["words", "json"])
def test_an_answer_cannot_steer_the_terminal_of_podium_ask(
    flag: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "toll.txt").write_text(f"The harbour toll of Port Ambrel is 41 marks {HOSTILE[:-5]}.\n", "utf-8")
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    asked = ["ask", "What is the harbour toll of Port Ambrel?", "--documents", str(documents)]
    with terminal(monkeypatch) as told:
        assert main([*asked, "--policy", "fixed:search-1,answer-1", *flag]) == 0
    assert "41 marks" in told[0]
    assert not steering(told[0])


def steering(said: str) -> set[str]:
    """Control characters in what a terminal was sent; it turns each end of a line into two of them itself."""
    return set(said.replace("\r\n", "\n")) & {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u202e"} - {
        "\n",
        "\t",
    }


def test_names_cannot_steer_the_terminal_of_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path / "data"))
    assert main(["ask", "What is 2 + 2?", "--alternatives", "3", "--policy", "random"]) == 0
    with terminal(monkeypatch) as told:
        assert (
            main(["study", "create", "--name", HOSTILE.replace("\x00", ""), "--runs", "all", "--alternatives", "3"])
            == 0
        )
        assert main(["study", "list"]) == 0
        assert main(["study", "list", "--json"]) == 0
        assert main(["study", "progress", HOSTILE]) == 2
        assert main(["import", "queries", str(tmp_path / HOSTILE.replace("\x00", ""))]) == 2
    assert told[0].count("all is well") >= 4
    assert not steering(told[0])


def test_what_goes_to_another_program_stays_as_it_is(tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('"one\\u202etwo"\n', "utf-8")
    environment = {**os.environ, "PODIUM_DATA_DIR": str(tmp_path / "data")}
    asked = [
        sys.executable,
        "-m",
        "webapp",
        "ask",
        "What is 2 + 2?\u202e",
        "--policy",
        "fixed:search-1,answer-1",
        "--json",
    ]
    done = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert "\u202e" in done.stdout.decode()


def test_secrets_of_the_environment_and_passwords_in_addresses_are_struck_out() -> None:
    secrets = Secrets.of(
        {"OPENAI_API_KEY": SECRET, "PODIUM_SECRET": "short", "HOME": "/home/podium", "MY_TOKEN_2": "t" * 9}
    )
    said = f"key {SECRET}, home /home/podium, {'t' * 9}, short, {URL}, postgres://u:p@ss/w@host/x, http://a/b@c"
    struck = secrets.struck(said)
    assert SECRET not in struck
    assert "t" * 9 not in struck
    assert "/home/podium" in struck
    assert "postgresql://podium:[key]@127.0.0.1:1/podium" in struck
    assert "p@ss" not in struck
    assert struck.endswith("http://a/b@c")
    in_query = f"postgresql://podium@h/podium?x=1&password={SECRET}&sslpassword={SECRET}&y=2"
    assert secrets.struck(in_query) == "postgresql://podium@h/podium?x=1&password=[key]&sslpassword=[key]&y=2"


def test_a_secret_in_a_file_is_struck_out_and_its_place_is_not(tmp_path: Path) -> None:
    file = tmp_path / "client-secret"
    file.write_text(f"{SECRET}\n")
    secrets = Secrets.of({"PODIUM_OIDC_CLIENT_SECRET_FILE": str(file), "OTHER_KEY_FILE": str(tmp_path / "missing")})
    assert secrets.struck(f"{file}: {SECRET}") == f"{file}: [key]"


WRONG = [
    URL,
    URL.replace("postgresql", "postgres"),
    URL.replace("postgresql", "mysql"),
    URL.replace("://", ":/"),
    f"{URL}?x=\x00",
    f"postgresql://podium@127.0.0.1:1/podium?password={SECRET}",
    f"postgresql:/podium@127.0.0.1:1/podium?password={SECRET}",
    f"postgresql:/127.0.0.1:1/podium?password=p@{SECRET}",
]


@pytest.mark.parametrize(
    "url", WRONG, ids=["unreachable", "misnamed", "another", "mistyped", "odd", "query", "wrong-query", "odd-query"]
)
def test_the_password_of_the_database_is_in_no_message(
    url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PODIUM_DATABASE_URL", url.replace("\x00", "%00"))
    for command in (
        ["db", "check"],
        ["db", "upgrade"],
        ["study", "list"],
        ["export", "rankings"],
        ["fit"],
    ):
        assert main(command) != 0
    said = "".join(capfd.readouterr())
    assert "podium: " in said
    assert SECRET not in said


def test_a_crash_tells_no_secret(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def crash(*_: object) -> int:
        raise RuntimeError(f"Bearer {SECRET} at {URL}")

    monkeypatch.setenv("SOME_API_KEY", SECRET)
    monkeypatch.setattr("webapp.cli.study._list", crash)
    assert main(["study", "list"]) == 1
    said = "".join(capfd.readouterr())
    assert "RuntimeError: Bearer [key]" in said
    assert SECRET not in said

"""The page on tuning shows what the code prints."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from prefs.tuning.profile import dump_profile_yaml, load_profile

PAGE = (Path(__file__).parents[3] / "docs" / "tuning.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_prints_what_the_page_says() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block("python"), "docs/tuning.md", "exec"), {"__name__": "example"})
    assert printed.getvalue() == block("text")


def test_the_profile_on_the_page_is_written_as_it_stands_there() -> None:
    assert dump_profile_yaml(load_profile(block("yaml"))) == block("yaml")


def test_every_flag_is_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    from webapp.cli import main  # noqa: PLC0415

    with pytest.raises(SystemExit):
        main(["tune", "--help"])
    flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--db"}
    assert flags
    assert flags <= set(re.findall(r"--[a-z-]+", PAGE))

"""The documentation tells the truth as far as a machine can check it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("orchestrator", "prefs", "storage", "webapp")
SOURCES = {path: path.read_text("utf-8") for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_type_in_the_glossary_exists() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text("utf-8")
    defined = set(re.findall(r"^(?:class|def) (\w+)", "\n".join(SOURCES.values()), re.MULTILINE))
    named = set(re.findall(r"`([A-Z]\w+)`", glossary))
    assert named <= defined


def test_every_environment_variable_is_in_the_readme() -> None:
    code = "\n".join(SOURCES.values())
    read = set(re.findall(r'"(PODIUM_[A-Z_]+)"', code))
    assert read
    assert read <= set(re.findall(r"PODIUM_[A-Z_]+", (ROOT / "README.md").read_text("utf-8")))


@pytest.mark.parametrize("paper", PAGES, ids=lambda paper: paper.name)
def test_every_relative_link_leads_somewhere(paper: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", paper.read_text("utf-8")):
        assert (paper.parent / target).exists(), target


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    longest = {
        str(path.relative_to(ROOT)): text.count("\n") for path, text in SOURCES.items() if text.count("\n") > 250
    }
    assert longest == {}


def test_the_floors_are_kept() -> None:
    contracts = [Path(sys.executable).with_name("lint-imports")]
    done = subprocess.run(contracts, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

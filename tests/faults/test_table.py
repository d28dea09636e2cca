"""docs/faults.md tells of every fault that the suite tries, and of no other."""

import re
from pathlib import Path

from tests.faults.seen import FAULTS, NOT_TRIED, ROOT, Seen, rows_of, write


def test_the_page_has_a_row_for_each_fault_and_each_has_a_test() -> None:
    assert tuple(rows_of((ROOT / "docs" / "faults.md").read_text("utf-8"))) == FAULTS
    tests = "\n".join(file.read_text("utf-8") for file in sorted((ROOT / "tests" / "faults").glob("test_*.py")))
    tried = set(re.findall(r'\bseen\(\s*"([^"]+)"', tests))
    assert tried == set(FAULTS)


def test_two_processes_write_one_table_and_nothing_of_another_run_stays_in_it(tmp_path: Path) -> None:
    file = tmp_path / "faults.md"
    write([Seen("disk full", "long ago", "")], "before", file)
    write([Seen("expert hangs", "given up", ""), Seen("expert hangs", "given up again", "")], "now", file)
    write([Seen("clock jumps", "went on", "nothing")], "now", file)
    said = file.read_text("utf-8")
    assert "long ago" not in said
    assert [word in said for word in ("given up |", "given up again", "went on")] == [True] * 3
    assert tuple(dict.fromkeys(rows_of(said))) == FAULTS
    assert said.count(NOT_TRIED) == len(FAULTS) - 2

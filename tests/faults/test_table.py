"""docs/faults.md tells of every fault that the suite tries, and of no other."""

import re

from tests.faults.seen import FAULTS, ROOT, rows_of


def test_the_page_has_a_row_for_each_fault_and_each_has_a_test() -> None:
    assert tuple(rows_of((ROOT / "docs" / "faults.md").read_text("utf-8"))) == FAULTS
    tests = "\n".join(file.read_text("utf-8") for file in sorted((ROOT / "tests" / "faults").glob("test_*.py")))
    tried = set(re.findall(r'\bseen\(\s*"([^"]+)"', tests))
    assert tried == set(FAULTS)

import asyncio
import os
import time
from collections.abc import AsyncIterator

import pytest

from orchestrator.sandbox import SandboxLimits, run_code

SHORT = SandboxLimits(seconds=0.5)


class Ticker:
    """Counts how often the event loop came round, and its longest pause."""

    def __init__(self) -> None:
        self.ticks = 0
        self.longest_pause_s = 0.0

    async def run(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.01)
            now = time.perf_counter()
            self.longest_pause_s = max(self.longest_pause_s, now - last)
            self.ticks += 1
            last = now


@pytest.fixture
async def ticker() -> AsyncIterator[Ticker]:
    clock = Ticker()
    task = asyncio.create_task(clock.run())
    yield clock
    task.cancel()


async def test_output_error_stream_and_value_are_all_kept() -> None:
    run = await run_code("import sys\nprint('one')\nprint('oops', file=sys.stderr)\nprint('two')\n6 * 7")
    assert (run.stdout, run.stderr, run.value, run.error) == ("one\ntwo\n", "oops\n", "42", None)


async def test_code_without_a_last_expression_has_no_value() -> None:
    run = await run_code("x = 1\nprint(x)")
    assert run.value is None
    assert run.error is None


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("'é'", "'é'"),
        ("(1,)", "(1,)"),
        ("[]", "[]"),
        ("[1, (2, 3), {'a': [None]}]", "[1, (2, 3), {'a': [None]}]"),
        ("{1}", "{1}"),
        ("set()", "set()"),
        ("class A:\n  pass\n[A()]", "[<A object>]"),
        ("2 ** 20000", "<an integer of 20,001 bits>"),
        ("from decimal import Decimal\nDecimal('1.10')", "Decimal('1.10')"),
    ],
)
async def test_value_is_written_as_python_writes_it(code: str, value: str) -> None:
    run = await run_code(code)
    assert (run.value, run.error) == (value, None)


async def test_value_that_shares_its_parts_is_cut_instead_of_growing_without_end() -> None:
    run = await run_code("x = [0] * 10\nfor _ in range(20):\n    x = [x] * 10\nx")
    assert run.value is not None
    assert len(run.value) < 20_100
    assert run.value.endswith("the rest was cut")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = = 1", "SyntaxError: Expected an expression (line 1)"),
        ("def f():\n    return 1 / 0\n\nf()", "ZeroDivisionError: division by zero (line 2)"),
        ("undefined_name", "NameError: name 'undefined_name' is not defined (line 1)"),
        ("import socket", "No module named 'socket'"),
        ("import subprocess", "No module named 'subprocess'"),
        ("import os\nos.system('true')", "has no attribute 'system'"),
        ("open('/etc/passwd').read()", "PermissionError"),
        ("from pathlib import Path\nPath('/etc/passwd').read_text()", "PermissionError"),
        ("import os\nos.listdir('/')", "PermissionError"),
        ("def f():\n    yield 1\nlist(f())", "NotImplementedError"),
    ],
)
async def test_error_names_what_happened_and_where(code: str, said: str) -> None:
    run = await run_code(code)
    assert run.error is not None
    assert said in run.error
    assert run.value is None


async def test_environment_of_the_application_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SANDBOX_SECRET", "swordfish")
    assert os.environ["PODIUM_SANDBOX_SECRET"] == "swordfish"
    for code in ("import os\nos.environ['PODIUM_SANDBOX_SECRET']", "import os\nos.getenv('PODIUM_SANDBOX_SECRET')"):
        run = await run_code(code)
        assert run.error is not None
        assert "swordfish" not in f"{run.stdout}{run.value}{run.error}"


async def test_what_was_printed_before_an_error_is_kept() -> None:
    run = await run_code("print('so far')\n1 / 0")
    assert run.stdout == "so far\n"
    assert run.error is not None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("while True:\n    pass", "TimeoutError"),
        ("sum(range(10 ** 12))", "TimeoutError"),
        ("import time\ntime.sleep(60)", "TimeoutError"),
        ("def f(n):\n    return f(n + 1)\nf(0)", "RecursionError"),
        ("'x' * 10 ** 9", "MemoryError"),
        ("9 ** 9 ** 9", "MemoryError"),
        ("l = []\nwhile True:\n    l.append('y' * 1000)", "MemoryError"),
        ("[1] * 10 ** 10", "MemoryError"),
        ("while True:\n    print('x' * 1000)", "TimeoutError"),
    ],
)
async def test_limits_stop_the_code_while_the_application_goes_on(ticker: Ticker, code: str, said: str) -> None:
    began = time.perf_counter()
    run = await run_code(code, limits=SHORT)
    elapsed_s = time.perf_counter() - began
    assert run.error is not None
    assert said in run.error
    assert elapsed_s < 3 * SHORT.seconds + 1
    await asyncio.sleep(0.05)
    assert ticker.ticks >= 2
    assert ticker.longest_pause_s < 0.4


async def test_flood_of_output_is_cut_with_a_note_and_the_value_still_comes() -> None:
    run = await run_code("for i in range(5000):\n    print('x' * 10)\n'done'")
    assert run.value == "'done'"
    assert len(run.stdout) < 20_100
    assert run.stdout.endswith("… 35,000 more characters were cut")


async def test_cancelling_returns_at_once() -> None:
    task = asyncio.create_task(run_code("while True:\n    pass", limits=SandboxLimits(seconds=30)))
    await asyncio.sleep(0.2)
    began = time.perf_counter()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - began < 0.2


async def test_same_code_gives_the_same_random_numbers() -> None:
    code = "import random\n[random.randint(1, 10 ** 9) for _ in range(3)]"
    first, second = await run_code(code), await run_code(code)
    assert first.error is None
    assert first.value == second.value


async def test_runs_do_not_see_each_other() -> None:
    await run_code("secret = 1")
    run = await run_code("secret")
    assert run.error is not None
    assert "NameError" in run.error


def test_limits_must_make_sense() -> None:
    with pytest.raises(ValueError, match="seconds"):
        SandboxLimits(seconds=0)
    with pytest.raises(ValueError, match="memory_bytes"):
        SandboxLimits(memory_bytes=0)

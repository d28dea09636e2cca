"""Several processes on one database: none takes another's running trajectories for left behind."""

from pathlib import Path

from storage.store import Store
from storage.trajectories import State
from tests.kept import going, run, step


async def test_a_second_process_leaves_the_running_trajectories_of_the_first_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    with Store.open(url) as first:
        assert await first.come() == ()
        await first.begin(run(), [going()])
        with Store.open(url) as second:
            assert await second.come() == ()
            assert second.state("t1") is State.RUNNING
        await first.keep_step("t1", step(0))
        assert first.state("t1") is State.RUNNING
    with Store.open(url) as next_start:
        assert await next_start.come() == ("t1",)
        assert next_start.state("t1") is State.INTERRUPTED


async def test_what_a_process_left_is_marked_by_the_next_that_is_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'podium.sqlite3'}"
    first, other = Store.open(url), Store.open(url)
    await first.come()
    await other.come()
    await first.begin(run(), [going()])
    first.close()
    with Store.open(url) as too_early:
        assert await too_early.come() == ()
    other.close()
    with Store.open(url) as alone:
        assert await alone.come() == ("t1",)

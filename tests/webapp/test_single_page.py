"""The tree of a trajectory's forks on its page."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.alternatives import Run
from orchestrator.rehearsal.world import rehearsal_pool
from orchestrator.trajectory import Fork, Trajectory
from storage.store import Store
from tests.examples import NOON, trajectory
from webapp import single_page
from webapp.single_page import fork_tree


def forked(id: str, origin: str | None) -> Trajectory:
    return replace(trajectory(id=id, run="r1", steps=()), fork=None if origin is None else Fork(origin, 0))


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for fork in tree["forks"]:
        yield from nodes(fork)


async def test_the_viewed_fork_is_in_its_tree_and_what_is_not_shown_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_page, "MOST_FORKS", 4)
    aside = [forked(f"a{number}", "root") for number in range(6)]
    late = [forked("late", "root"), forked("viewed", "late"), forked("below", "viewed")]
    many = [forked("root", None), *aside, *late]
    async with Store.open(f"sqlite:///{tmp_path / 'podium.db'}") as store:
        await store.begin(Run("r1", many[0].query, NOON), many)
        tree = fork_tree(late[1], rehearsal_pool(), store.rows)
    assert tree is not None
    shown = {node["id"]: node for node in nodes(tree)}
    assert list(shown) == ["root", "a0", "a1", "late", "viewed"]
    assert [id for id, node in shown.items() if node["here"]] == ["viewed"]
    assert {id: node["more"] for id, node in shown.items()} == {"root": 4, "a0": 0, "a1": 0, "late": 0, "viewed": 1}


async def test_forks_of_each_other_as_a_file_may_have_them_come_to_an_end(tmp_path: Path) -> None:
    one, other = forked("one", "other"), forked("other", "one")
    async with Store.open(f"sqlite:///{tmp_path / 'podium.db'}") as store:
        await store.begin(Run("r1", one.query, NOON), [one, other])
        tree = fork_tree(one, rehearsal_pool(), store.rows)
    assert tree is not None
    assert len(list(nodes(tree))) <= single_page.MOST_FORKS + 2

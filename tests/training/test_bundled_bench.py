"""The bench of the bundled orchestrator: its setting, its episodes and what it writes."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from statistics import fmean

import pytest

from bench.bundled import __main__ as command
from bench.bundled.cases import Case
from bench.bundled.episodes import INSTRUCTED, Asked, Episodes, Figures, Told, instructed, tried
from bench.bundled.expectimax import ExpectimaxPolicy
from bench.bundled.instructions import held_out
from bench.bundled.progress import Progress
from bench.bundled.setting import ORACLE, Setting, dearer, held_out_pool, opened
from bench.bundled.sweep import BALANCED, sweep, swept
from orchestrator.bill import Bill
from orchestrator.policy import Policy
from orchestrator.preference import PRESETS
from orchestrator.rehearsal.tasks import Task
from orchestrator.rehearsal.world import rehearsal_pool
from prefs.reward import against_baseline
from tests.training.bundled_examples import HELD_OUT, TEST, Understanding
from webapp.evaluation.plan import Job
from webapp.evaluation.result import scored

FEW = Asked(limit=12, alternatives=1, seed=0, concurrency=8)


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with opened() as made:
        yield made


def of(figures: tuple[Figures, ...], policy: str) -> Figures:
    return next(one for one in figures if one.policy == policy)


def test_the_held_out_instructions_are_sixty_different_ones_of_every_kind() -> None:
    assert len({held.text for held in HELD_OUT}) == len(HELD_OUT) == 60
    kinds = [held.kind for held in HELD_OUT]
    assert {
        kind: kinds.count(kind) >= 8 for kind in ("cost", "latency", "accuracy", "mixed", "liked")
    } == dict.fromkeys(("cost", "latency", "accuracy", "mixed", "liked"), True)
    assert all(held.opposite != held.preference for held in HELD_OUT)
    weights = {
        w for held in HELD_OUT for w in (held.preference.accuracy, held.preference.cost, held.preference.latency)
    }
    assert weights <= {0.0, 0.2, 0.5, 1.0}


def test_an_instruction_that_cannot_be_read_is_named_by_its_line(tmp_path: Path) -> None:
    faulty = tmp_path / "words.jsonl"
    faulty.write_text('{"text": "Hi.", "accuracy": 1, "cost": 0, "latency": 0, "tools": {}}\n{"text": "Hi."}\n')
    with pytest.raises(ValueError, match=r"words\.jsonl, line 2"):
        list(held_out(faulty))


def test_the_held_out_prices_differ_from_those_of_the_rehearsal_for_every_alias() -> None:
    here, there = held_out_pool(), rehearsal_pool()
    assert [entry.alias for entry in here.entries] == [entry.alias for entry in there.entries]
    for one, other in zip(here.entries, there.entries, strict=True):
        assert one.price is not None
        assert other.price is not None
        assert one.price.output_usd_per_mtok != other.price.output_usd_per_mtok
        assert one.latency_s != other.latency_s
        assert (one.self_hosted, one.endpoint) == (other.self_hosted, None)


def test_a_dearer_alias_changes_its_own_price_and_no_other() -> None:
    before, after = held_out_pool(), dearer(held_out_pool(), "answer-2", Decimal(4))
    changed = [one.alias for one, other in zip(before.entries, after.entries, strict=True) if one.price != other.price]
    assert changed == ["answer-2"]
    price = after["answer-2"].price
    assert price is not None
    assert (price.input_usd_per_mtok, price.output_usd_per_mtok) == (Decimal("3.2"), Decimal(16))


async def test_episodes_are_scored_as_podium_evaluate_scores_them(setting: Setting) -> None:
    episodes = await tried(setting, ("nearest",), {BALANCED: PRESETS[BALANCED]}, FEW)
    evaluated = episodes.evaluated
    theirs = scored(evaluated, setting.strongest, setting.pool)
    for figures, score in zip(episodes.figures(BALANCED), theirs.scores, strict=True):
        for name in ("solved", "adherence", "reward", "cost_usd", "latency_s", "calls", "strongest_share"):
            assert getattr(figures, name) == getattr(score, name), name


async def test_the_ceiling_lies_above_chance_and_the_strongest_route_calls_only_the_strongest(setting: Setting) -> None:
    route = "fixed:search-1,reasoner-1,answer-1"
    asked = replace(FEW, limit=36)
    episodes = await tried(setting, ("random", route), {BALANCED: PRESETS[BALANCED]}, asked)
    figures = episodes.figures(BALANCED)
    ceiling, chance, strongest = (of(figures, policy) for policy in (ORACLE, "random", route))
    assert ceiling.reward is not None
    assert chance.reward is not None
    assert ceiling.reward.low > chance.reward.high
    assert strongest.strongest_share is not None
    assert strongest.strongest_share.mean == 1.0
    assert strongest.local_share is not None
    assert strongest.local_share.mean == 0.0


async def test_every_task_is_tried_under_the_words_of_one_instruction_and_scored_by_what_they_mean(
    setting: Setting,
) -> None:
    here = replace(setting, own={ORACLE: ExpectimaxPolicy, "understanding": Understanding})
    episodes = await instructed(here, ("understanding",), HELD_OUT[::11], FEW)
    assert [episodes.told[task.question] for task in episodes.evaluated.tasks[:2]] == [HELD_OUT[0], HELD_OUT[11]]
    own, ceiling = episodes.figures(INSTRUCTED)
    assert (own.policy, ceiling.policy) == ("understanding", ORACLE)
    assert own.solved == ceiling.solved
    assert own.cost_usd == ceiling.cost_usd
    assert own.adherence is not None
    assert own.adherence.mean == pytest.approx(fmean(adherence_of(episodes, task) for task in episodes.evaluated.tasks))


def adherence_of(episodes: Episodes, task: Task) -> float:
    """Of the policy that understands, by what the task's instruction means."""
    plan, ended = episodes.evaluated.plan, episodes.evaluated.trajectories
    own = ended[Job("understanding", INSTRUCTED, task.id, 0)]
    value = against_baseline(own, ended[plan.baseline_job(task.id, 0)], episodes.told[task.question].preference).value
    assert value is not None
    return value


async def test_a_policy_that_reads_words_is_told_nothing_else() -> None:
    task, held = TEST[0], HELD_OUT[0]
    policy: Policy = Told(Understanding(held_out_pool()), {task.question: held})
    turn = Case(task).turn(PRESETS["Fast"], tuple(entry.alias for entry in held_out_pool().entries))
    decision = await policy.decide(turn, Bill())
    assert decision == await ExpectimaxPolicy(held_out_pool()).decide(replace(turn, preference=held.preference), Bill())


async def test_a_sweep_of_the_oracle_spans_all_of_its_own_span_and_that_of_the_deaf_nothing(setting: Setting) -> None:
    episodes = await tried(setting, ("nearest",), swept("cost"), replace(FEW, limit=24))
    own, ceiling = sweep(episodes, "cost", "nearest"), sweep(episodes, "cost", ORACLE)
    assert ceiling.falls
    assert ceiling.of_oracle is not None
    assert ceiling.of_oracle.mean == 1.0
    assert not own.falls
    assert own.span.mean == 0.0
    assert own.of_oracle is not None
    assert own.of_oracle.mean == 0.0


def test_one_command_writes_figures_targets_and_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bundled"
    few = ["--policy", "nearest", "--supervised", "plain=fixed:answer-3", "--limit", "3", "--concurrency", "8"]
    assert command.main([*few, "--out", str(out)]) == 0
    measured = json.loads((out / "results.json").read_text("utf-8"))
    assert measured["simulated"] is True
    assert measured["tasks"] == 3
    assert {one["policy"] for one in measured["balanced"]["policies"]} == {
        "nearest", "random", "plain", "oracle", "fixed:search-1,reasoner-1,answer-1",
    }  # fmt: skip
    missed = {one["target"] for one in measured["targets"] if not one["met"]}
    assert "Held-out instructions followed in at least 85% of cases" in missed
    assert "Dollars from cost 0 to 1 span at least 70% of the oracle's span" in missed
    assert "Keep it local: at least 95% of calls to local aliases" in missed
    told = (out / "results.md").read_text("utf-8")
    assert "**Simulated.**" in told
    assert all(line.count("|") > 2 for line in told.splitlines() if line.startswith("|"))
    assert "Balanced, all policies: 15 of 15" in capsys.readouterr().err


def test_a_policy_that_does_not_exist_is_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--policy", "best", "--limit", "6", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "'best' is no policy" in said
    assert "pairs" not in said
    assert list(tmp_path.iterdir()) == []


def test_progress_tells_the_end_of_each_measurement() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.begin("Pairs")
    progress.tick(1, 2)
    progress.tick(2, 2)
    assert stream.getvalue().endswith("Pairs: 2 of 2, 0 s\n")
    assert "1 of 2" not in stream.getvalue()

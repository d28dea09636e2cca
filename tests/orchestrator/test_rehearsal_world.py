import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.pool import TOOL_OF
from orchestrator.rehearsal.corpus import articles
from orchestrator.rehearsal.tasks import DOMAINS, all_tasks
from orchestrator.rehearsal.world import rehearsal_pool, rehearsal_world

PRICES = {
    "gpt-5": ("1.25", "10"),
    "gpt-5-mini": ("0.25", "2"),
    "Qwen/Qwen3-32B": ("0.8", "0.8"),
    "Qwen/Qwen2.5-Coder-32B-Instruct": ("0.8", "0.8"),
    "meta-llama/Llama-3.3-70B-Instruct": ("0.9", "0.9"),
    "Qwen/Qwen2.5-Math-72B-Instruct": ("0.9", "0.9"),
    "Qwen/Qwen2.5-Math-7B-Instruct": ("0.2", "0.2"),
}
SECONDS = {"search-1": 22, "reasoner-2": 25, "answer-1": 96, "answer-4": 11, "answer-math-2": 9}


def test_rehearsal_pool_offers_all_twelve_aliases_as_stand_ins() -> None:
    pool = rehearsal_pool()
    assert pool.name == "rehearsal"
    assert {entry.alias for entry in pool.entries} == set(TOOL_OF)
    assert all(entry.simulated for entry in pool.entries)
    assert len({entry.description for entry in pool.entries}) == 12


def test_prices_are_those_of_the_released_setting_with_source_and_date() -> None:
    for entry in rehearsal_pool().entries:
        assert entry.price is not None
        known = (entry.price.input_usd_per_mtok, entry.price.output_usd_per_mtok)
        assert known == tuple(Decimal(price) for price in PRICES[entry.model])
        assert entry.price.as_of == date(2026, 1, 28)
        assert "ToolOrchestra" in entry.price.source
        assert entry.self_hosted == (not entry.model.startswith("gpt-"))


@pytest.mark.parametrize(("alias", "seconds"), SECONDS.items())
def test_latencies_are_the_released_seconds_scaled(alias: str, seconds: int) -> None:
    world = rehearsal_world()
    assert world.time_scale == 0.05
    assert world.pool[alias].latency_s == pytest.approx(seconds * world.time_scale)


def test_every_skill_covers_every_domain_and_falls_with_difficulty() -> None:
    for alias, skill in rehearsal_world().skills.items():
        assert set(skill.right) == set(DOMAINS), alias
        for domain in DOMAINS:
            chances = [skill.probability(domain, difficulty) for difficulty in (1, 2, 3)]
            assert 1 > chances[0] >= chances[1] >= chances[2] > 0, (alias, domain)


def test_only_the_strongest_expert_masters_hard_reasoning() -> None:
    skills = rehearsal_world().skills
    hard = {alias: skill.probability("reasoning", 3) for alias, skill in skills.items() if alias.startswith("answer")}
    assert hard.pop("answer-1") > 0.9
    assert max(hard.values()) < 0.4


def test_math_experts_shine_in_arithmetic_and_the_coder_in_code() -> None:
    skills = rehearsal_world().skills
    for alias in ("answer-math-1", "answer-math-2"):
        best = max(DOMAINS, key=lambda domain: skills[alias].probability(domain, 2))
        assert best == "arithmetic"
    assert skills["answer-math-1"].probability("arithmetic", 3) > skills["answer-2"].probability("arithmetic", 3)
    assert skills["reasoner-3"].probability("code", 3) > skills["reasoner-2"].probability("code", 3)


def test_the_page_about_the_rehearsal_world_declares_the_same_numbers() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rehearsal.md").read_text(encoding="utf-8")
    world = rehearsal_world()
    assert f"makes {len(all_tasks())} tasks" in page
    assert f"{len(articles())} rows" in page
    for domain in DOMAINS:
        count = sum(task.domain == domain for task in all_tasks())
        assert re.search(rf"\| {domain} \| .* \| {count} \|", page), domain
    for entry in world.pool.entries:
        skill = world.skills[entry.alias]
        cells = [" / ".join(f"{100 * chance:.0f}" for chance in skill.right[domain]) for domain in DOMAINS]
        assert f"| {entry.alias} | {' | '.join(cells)} |" in page, entry.alias
        assert f"| {skill.input_tokens} / {skill.output_tokens} | {entry.latency_s:g} |" in page

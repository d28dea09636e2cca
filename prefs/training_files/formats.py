"""The table of formats."""

from collections.abc import Mapping
from typing import Final

from prefs.training_files.format import Format
from prefs.training_files.grpo import prompt_rows, reference_rows
from prefs.training_files.kto import rows as kto_rows
from prefs.training_files.pairs import dpo_rows, explicit_rows, implicit_rows
from prefs.training_files.prm import rows as prm_rows
from prefs.training_files.reward_bench import rows as reward_bench_rows
from prefs.training_files.sft import rows as sft_rows
from prefs.training_files.verl import rows as verl_rows

_SHOWN: Final = ("cost_shown", "latency_shown")
_PAIRED: Final = (*_SHOWN, "margin", "ties", "preference", "pool")
_SENT: Final = ("pool", "profile")

_ALL: Final = (
    Format(
        "trl-implicit",
        "Preference pairs with the prompt inside both conversations, as TRL's RewardTrainer likes them best.",
        "a pair: two whole conversations, one put above the other",
        "TRL RewardTrainer",
        implicit_rows,
        "jsonl",
        _PAIRED,
    ),
    Format(
        "trl-explicit",
        "Preference pairs with the prompt apart.",
        "a pair: a prompt and two continuations, one put above the other",
        "TRL RewardTrainer, OpenRLHF",
        explicit_rows,
        "jsonl",
        _PAIRED,
    ),
    Format(
        "dpo",
        "Preference pairs for direct preference optimisation: no margin, which DPO does not read.",
        "a pair: a prompt and two continuations, one put above the other",
        "TRL DPOTrainer",
        dpo_rows,
        "jsonl",
        (*_SHOWN, "ties", "pool"),
    ),
    Format(
        "kto",
        "Single trajectories labelled by the acceptability line.",
        "a prompt, a continuation, and whether it was put above the line",
        "TRL KTOTrainer",
        kto_rows,
        "jsonl",
        (*_SHOWN, "pool"),
    ),
    Format(
        "prm",
        "Single steps labelled good or not, where people marked them.",
        "a prompt, the steps up to the last marked one, and a label for each marked one",
        "TRL PRMTrainer",
        prm_rows,
        "jsonl",
        _SHOWN,
    ),
    Format(
        "grpo",
        "Queries with tools, prices and preference vector, in the shape of ToolOrchestra's data.jsonl.",
        "a query under one preference vector",
        "ToolOrchestra's trainer and its ports",
        reference_rows,
        "jsonl",
        ("preference", "pool"),
        True,
    ),
    Format(
        "trl-grpo",
        "First-turn prompts with columns that ride along to reward functions.",
        "the prompt of a query under one preference vector",
        "TRL GRPOTrainer",
        prompt_rows,
        "jsonl",
        ("preference", *_SENT),
        True,
    ),
    Format(
        "sft",
        "Turns to imitate in the stateless shape: system and user in, thought and tool call out.",
        "one turn of a trajectory that people put first or above the line",
        "TRL SFTTrainer, LLaMA-Factory",
        sft_rows,
        "jsonl",
        ("chosen", *_SENT),
        True,
    ),
    Format(
        "verl",
        "First-turn prompts with what verl's reward function is given.",
        "the prompt of a query under one preference vector",
        "verl RLHFDataset",
        verl_rows,
        "parquet",
        ("preference", *_SENT, "split"),
        True,
    ),
    Format(
        "rewardbench2",
        "A benchmark of reward models: best trajectory against all that were put below.",
        "a query, one trajectory of the best group and all below it, as texts",
        "RewardBench 2 (run_v2.py)",
        reward_bench_rows,
        "jsonl",
        _SHOWN,
    ),
)

FORMATS: Final[Mapping[str, Format]] = {format.name: format for format in _ALL}
"""Name to format."""

"""Reads an exported file as verl's trainer does, and rewards replies with verl's own reward manager.

`python reader.py FILE REWARDS TOKENIZER MAX_PROMPT_LENGTH REPLY…` prints one JSON object. Runs where
verl is installed, with the repository on PYTHONPATH.
"""

import contextlib
import io
import json
import sys
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from omegaconf import OmegaConf
from tensordict import TensorDict
from transformers import AutoTokenizer
from verl import DataProto
from verl.trainer.ppo.reward import get_custom_reward_fn
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn
from verl.workers.reward_manager.naive import NaiveRewardManager

from prefs.training_files.length_report import length_report
from prefs.training_files.ruler import ChatTokenizer


def main() -> None:
    """Print how many rows are left, what the first prompt says, the rewards of each reply, and the length report."""
    file, rewards, folder, most, *replies = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    config = OmegaConf.create({"max_prompt_length": int(most), "filter_overlong_prompts_workers": 1})
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = RLHFDataset(file, tokenizer, config)
        rows = [dataset[place] for place in range(len(dataset))]
        function = get_custom_reward_fn(
            OmegaConf.create({"reward": {"custom_reward_function": {"path": rewards, "name": "compute_score"}}})
        )
        manager = NaiveRewardManager(tokenizer, num_examine=0, compute_score=function)
        scores = {reply: _scores(manager, tokenizer, rows, reply) for reply in replies}
    report = length_report(pq.read_table(file).to_pylist(), "verl", ChatTokenizer(tokenizer), int(most))
    said = {
        "rows": [row["index"] for row in rows],
        "first": tokenizer.apply_chat_template(rows[0]["raw_prompt"], add_generation_prompt=True, tokenize=False),
        "scores": scores,
        "reported": {"rows": report.rows, "dropped": report.dropped, "median": report.quantiles[0.5]},
    }
    print(json.dumps(said))


def _scores(manager: Any, tokenizer: Any, rows: list[dict[str, Any]], reply: str) -> list[float]:
    """The sum of token rewards of that reply to each row."""
    batch = collate_fn(rows)
    prompts = torch.tensor([tokenizer("?")["input_ids"]] * len(rows))
    replies = torch.tensor([tokenizer(reply, add_special_tokens=False)["input_ids"]] * len(rows))
    tensors = {
        "prompts": prompts,
        "responses": replies,
        "attention_mask": torch.ones(len(rows), prompts.shape[1] + replies.shape[1], dtype=torch.long),
    }
    others = {name: np.asarray(batch[name], dtype=object) for name in ("data_source", "reward_model", "extra_info")}
    data = DataProto(batch=TensorDict(tensors, batch_size=[len(rows)]), non_tensor_batch=others)
    found: list[float] = manager(data).sum(dim=-1).tolist()
    return found


if __name__ == "__main__":
    main()

"""What the tests of exported files share: files of rankings, and a small model and tokenizer made on the spot."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.preference import PreferenceVector
from orchestrator.trajectory import Verdict
from prefs.training_files import FORMATS, FileOptions, Judged, Tally
from tests.prefs.training_files.judged_examples import alternatives, answered, examples, pool, ranked, run
from tests.vllm.checkpoint import SMALL, make

# Read when TRL is imported, which only happens behind this.
os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

TRL_WARNINGS = (
    # TRL uses the old names of an option of transformers.
    pytest.mark.filterwarnings("ignore:`(is_)?gradient_checkpointing(_\\w+)?` is deprecated:FutureWarning"),
)


def rankings(number: int = 4) -> list[Judged]:
    """The examples, and rankings of queries of growing length with lines."""
    found = examples()
    for place in range(number):
        query = f"Number {place}: what is seven times eight? {'Think well and say it plainly. ' * (3 * place)}"
        shown = tuple(
            replace(one, query=query) for one in alternatives(f"q{place}-", preference=PreferenceVector(1, 0.5, 0))
        )
        found.append(ranked(f"s{place}", shown, (("B",), ("A",), ("C", "D")), acceptable=1 + place % 2))
    return found


def judged_pair(name: str, query: str) -> Judged:
    """Two short answers to a query."""
    shown = tuple(
        run(f"{name}-{alias}", (answered(0, alias, said, "0.01", 1.0),), Verdict.SOLVED, query=query)
        for alias, said in (("answer-1", "56"), ("answer-2", "fifty-six"))
    )
    return ranked(name, shown, (("A",), ("B",)), acceptable=1)


def write(folder: Path, name: str, some: list[Judged], **options: Any) -> tuple[Path, list[dict[str, Any]], Tally]:
    """A JSONL file of a format, its rows and its tally."""
    tally = Tally()
    rows = list(FORMATS[name].rows(iter(some), FileOptions(pool=pool(), **options), tally))
    path = folder / f"{name}.jsonl"
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")
    return path, rows, tally


def checkpoint(folder: Path) -> Path:
    """A Qwen3 model of half a million parameters, with weights from a seed."""
    import torch  # noqa: PLC0415 - an extra
    import transformers  # noqa: PLC0415

    make(folder, SMALL)
    torch.manual_seed(1)
    config = transformers.AutoConfig.from_pretrained(folder)
    config.torch_dtype = "float32"
    transformers.Qwen3ForCausalLM(config).save_pretrained(folder)
    return folder


def settings(folder: Path) -> dict[str, Any]:
    """What every trainer here is told: one step on the processor, nothing kept or reported."""
    return {
        "output_dir": str(folder),
        "max_steps": 1,
        "per_device_train_batch_size": 2,
        "use_cpu": True,
        "bf16": False,
        "report_to": "none",
        "save_strategy": "no",
        "dataloader_pin_memory": False,
        "disable_tqdm": True,
        "logging_steps": 1,
    }


def weights(model: Any) -> Iterator[Any]:
    """A copy of every parameter that can be trained."""
    return (parameter.detach().clone() for parameter in model.parameters())

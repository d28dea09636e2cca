"""The network of a reward model on torch. Needs the extra `train`."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
from transformers import AutoModelForSequenceClassification

from prefs.neural.head import Damaged


class TorchHead:
    """A sequence classifier with one label, on a GPU where there is one. One thread computes at a time."""

    def __init__(self, model: Any) -> None:
        self._model = model.eval()
        self._lock = threading.Lock()

    @classmethod
    def of_folder(cls, folder: Path, pad_id: int) -> Self:
        """The network in a folder; raises Damaged."""
        on_gpu = torch.cuda.is_available()
        try:
            model = AutoModelForSequenceClassification.from_pretrained(
                folder, num_labels=1, local_files_only=True, dtype=torch.bfloat16 if on_gpu else torch.float32
            )
        except Exception as error:  # the library raises whatever its parts raise
            raise Damaged(f"the network in {folder} cannot be loaded: {error}") from error
        model.config.get_text_config().pad_token_id = pad_id
        return cls(model.to("cuda" if on_gpu else "cpu"))

    def score(self, ids: Sequence[int]) -> float:
        """The score of one trajectory's tokens."""
        with self._lock, torch.no_grad():
            given = torch.tensor([list(ids)], device=self._model.device)
            found = self._model(input_ids=given, attention_mask=torch.ones_like(given), use_cache=False)
            return float(found.logits[0, 0])

"""A reward model's network as ONNX, so that it is served without torch. Needs the extra `train`."""

from pathlib import Path
from typing import Any, Final

import torch
from onnxscript.ir.passes.common import ClearMetadataAndDocStringPass
from torch import Tensor, nn

from prefs.neural.head import INPUT, NETWORK, OUTPUT
from prefs.neural.quiet import quiet

OPSET: Final = 18
MOST_PARAMETERS: Final = 400_000_000
"""A single ONNX file holds less than 2 GB."""


def export(model: Any, folder: Path) -> Path:
    """Write the network into a folder; it must be on the CPU in full precision. Raises RuntimeError."""
    kept = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        with torch.no_grad(), quiet():
            program = torch.onnx.export(
                _Graph(model).eval(),
                # More than one token, or their number would become a constant.
                (torch.arange(7)[None],),
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({1: torch.export.Dim.DYNAMIC},),
                verbose=False,
            )
    finally:
        model.set_attn_implementation(kept)
    if program is None:
        raise RuntimeError("the network could not be exported")
    # It would tell of each node from which line of which file on this machine it came.
    ClearMetadataAndDocStringPass()(program.model)
    path = folder / NETWORK
    program.save(str(path), include_initializers=True, keep_initializers_as_inputs=False, external_data=False)
    return path


class _Graph(nn.Module):  # type: ignore[misc] # untyped
    """The network behind one trajectory without padding, which is how it is served."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor) -> Tensor:
        """The score [1] behind the last token."""
        count = input_ids.shape[1]
        positions = torch.arange(count)
        later = positions[None] > positions[:, None]
        mask = torch.where(later, torch.finfo(torch.float32).min, 0.0)[None, None]
        body = getattr(self.model, self.model.base_model_prefix)
        hidden = body(
            input_ids=input_ids, attention_mask=mask, position_ids=positions[None], use_cache=False
        ).last_hidden_state
        return self.model.score(hidden[0, -1])

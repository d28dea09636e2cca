"""A trained network as one folder that transformers, vLLM and onnxruntime load."""

import json
import warnings
from pathlib import Path
from typing import Final

import torch
from onnxscript.ir.passes.common import ClearMetadataAndDocStringPass
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import DynamicCache, GenerationConfig, PreTrainedTokenizerFast, Qwen3ForCausalLM

from orchestrator.embedded.checkpoint import TEMPLATE, WEIGHTS
from orchestrator.embedded.network import FILE_NAME, INPUTS, OUTPUTS
from orchestrator.embedded.vocabulary import END_OF_TEXT, END_OF_TURN

OPSET: Final = 18
TEMPLATE_SOURCE: Final = Path(__file__).parents[1] / "embedded" / TEMPLATE


def write_checkpoint(model: Qwen3ForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write configuration, weights in full precision, tokenizer, chat template and ONNX into this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = model.to(device="cpu", dtype=torch.float32).eval()
    end, pad = tokenizer.token_to_id(END_OF_TURN), tokenizer.token_to_id(END_OF_TEXT)
    whole.generation_config = GenerationConfig(do_sample=False, eos_token_id=end, pad_token_id=pad)
    whole.save_pretrained(folder)
    # Written for its owner alone; as part of a package, others read it.
    (folder / WEIGHTS).chmod(0o644)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TURN,
        pad_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
        model_max_length=whole.config.max_position_embeddings,
    )
    fast.chat_template = TEMPLATE_SOURCE.read_text("utf-8")
    fast.save_pretrained(folder)
    _name_class(folder / "tokenizer_config.json")
    export_onnx(whole, folder)


def _name_class(path: Path) -> None:
    """Name the tokenizer's class as every version of transformers knows it."""
    settings = json.loads(path.read_text("utf-8"))
    settings.pop("backend", None)
    written = json.dumps({**settings, "tokenizer_class": "PreTrainedTokenizerFast"}, indent=2, sort_keys=True)
    path.write_text(f"{written}\n", "utf-8")


def export_onnx(model: Qwen3ForCausalLM, folder: Path) -> Path:
    """Write the network into `model.onnx` of this folder: one graph for a whole prompt and for one more token.

    Inputs and outputs are those of `orchestrator.embedded.network`.
    """
    config, path = model.config, folder / FILE_NAME
    # Traced with more than one token read before and more than one to read: 0 and 1 would become constants.
    past = torch.zeros(2 * config.num_hidden_layers, config.num_key_value_heads, 5, config.head_dim)
    ids = torch.arange(3)[None]
    kept = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch's, of its own tree specifications
            program = torch.onnx.export(
                _Graph(model).eval(),
                (ids, past),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(INPUTS),
                output_names=list(OUTPUTS),
                dynamic_shapes=({1: torch.export.Dim.DYNAMIC}, {2: torch.export.Dim.DYNAMIC}),
                verbose=False,
            )
    finally:
        model.set_attn_implementation(kept)
    if program is None:
        raise RuntimeError("the network could not be exported")
    # It would tell of each node from which line of which file on this machine it came.
    ClearMetadataAndDocStringPass()(program.model)
    program.save(str(path), include_initializers=True, keep_initializers_as_inputs=False, external_data=False)
    return path


class _Graph(nn.Module):  # type: ignore[misc] # untyped
    """The network with its cache as one tensor: keys and values of each layer, one behind the other."""

    def __init__(self, model: Qwen3ForCausalLM) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [vocabulary] behind the last token, and the cache of all."""
        before, new = past.shape[2], input_ids.shape[1]
        layers = self.model.config.num_hidden_layers
        cache = DynamicCache(config=self.model.config)
        for layer in range(layers):
            cache.update(past[2 * layer][None], past[2 * layer + 1][None], layer)
        positions = torch.arange(before, before + new)
        later = torch.arange(before + new)[None] > positions[:, None]
        mask = torch.where(later, torch.finfo(torch.float32).min, 0.0)[None, None]
        hidden = self.model.model(
            input_ids=input_ids,
            attention_mask=mask,
            position_ids=positions[None],
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        present = torch.cat([part for layer in cache.layers for part in (layer.keys, layer.values)])
        return self.model.lm_head(hidden[0, -1]), present

"""Keeps libraries that train from writing over our own progress. Needs the extra `train`."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging as transformers_logging


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings, notices and bars of transformers, TRL and torch inside; errors are told as ever."""
    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        exporter.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()

"""Which tokenizer counts for a model."""

from dataclasses import replace
from pathlib import Path

from orchestrator.chat import ChatClients
from orchestrator.pool import Endpoint, Orchestrator
from orchestrator.tokenizer import Estimate, Remembering, Tokenizer
from orchestrator.tokenizer_file import FileTokenizer
from orchestrator.tokenizer_server import ServerTokenizer
from orchestrator.vendor_prices import VENDOR_OF_HOST, host_of


def tokenizer_for(orchestrator: Orchestrator | None, clients: ChatClients, endpoint: Endpoint, model: str) -> Tokenizer:
    """The model's own file where the pool names one, else its server's, else the estimate; raises NoTokenizer.

    Known vendors are not asked: they have no `/tokenize`.
    """
    if orchestrator is not None and orchestrator.tokenizer is not None:
        return Remembering(FileTokenizer(Path(orchestrator.tokenizer).expanduser()))
    if host_of(endpoint.base_url) in VENDOR_OF_HOST:
        return Estimate()
    client = clients.apart(replace(endpoint, max_in_flight=None))
    return Remembering(ServerTokenizer(client, endpoint.base_url, model))

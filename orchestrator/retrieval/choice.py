"""The retriever that a pool asks for."""

from collections.abc import Mapping
from typing import Final

from orchestrator.chat import ChatClients
from orchestrator.documents.index import Index
from orchestrator.pool import SearchBackend, SearchKind
from orchestrator.retrieval.remote import RemoteRetriever
from orchestrator.retrieval.retrieve_server import RetrieveServer
from orchestrator.retrieval.retriever import IndexRetriever, Retriever
from orchestrator.retrieval.searxng import SearXng
from orchestrator.retrieval.speech import Speech
from orchestrator.retrieval.tavily import Tavily

SPEECHES: Final[Mapping[SearchKind, type[Speech]]] = {
    SearchKind.RETRIEVE: RetrieveServer,
    SearchKind.TAVILY: Tavily,
    SearchKind.SEARXNG: SearXng,
}
"""How each kind of server is spoken to."""


def retriever_of(backend: SearchBackend, index: Index, clients: ChatClients) -> Retriever:
    """What finds passages for this pool; raises ValueError where a server's address is missing."""
    if backend.kind is SearchKind.DOCUMENTS:
        return IndexRetriever(index, backend.passages)
    if backend.endpoint is None:
        raise ValueError(f"the search backend {backend.kind.value!r} needs an endpoint: give it a base_url")
    return RemoteRetriever(SPEECHES[backend.kind](), clients.endpoint(backend.endpoint), backend)

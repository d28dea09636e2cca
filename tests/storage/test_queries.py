"""Queries to have at hand: each text once."""

import pytest

from storage.queries import SavedQuery
from storage.store import Store


async def test_queries_are_kept_once_and_found_by_their_text(store: Store) -> None:
    first, second = SavedQuery("How far is the Moon?", "384,400 km"), SavedQuery("Who was Ada Lovelace?")
    assert await store.add_queries([first, second, first]) == 2
    assert await store.add_queries([SavedQuery(" How far is the Moon? "), SavedQuery("And the Sun?")]) == 1
    assert [one.query for one in store.queries()] == ["And the Sun?", second.query, first.query]
    assert store.queries(limit=1) == (SavedQuery("And the Sun?"),)
    assert store.query("How far is the Moon? ") == first
    assert store.query("Is there life on Mars?") is None


def test_empty_query_is_refused() -> None:
    with pytest.raises(ValueError, match="the query is empty"):
        SavedQuery("  ")

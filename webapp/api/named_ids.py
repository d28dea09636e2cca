"""Trajectories named in an address: ids with commas between."""

from typing import Final

FEWEST_COMPARED: Final = 2
MOST_COMPARED: Final = 6


def named_ids(text: str, fewest: int, most: int) -> list[str]:
    """The ids in the order given; raises ValueError that says what to do."""
    ids = [id.strip() for id in text.split(",") if id.strip()]
    if not fewest <= len(ids) <= most:
        raise ValueError(f"name {fewest} to {most} trajectories, with commas between, not {len(ids)}")
    seen: set[str] = set()
    for id in ids:
        if id in seen:
            raise ValueError(f"trajectory {id[:200]} is named twice; name each once")
        seen.add(id)
    return ids

"""Progress on stderr, where somebody sits at a terminal to see it."""

import sys


def indexing(done: int, total: int) -> None:
    """Show how many files of the user's documents have been read."""
    if not sys.stderr.isatty() or total < 20:
        return
    if done == total or done % 10 == 0:
        end = "\n" if done == total else ""
        print(f"\rReading documents: {done:,} of {total:,} files", end=end, file=sys.stderr, flush=True)

"""Keep: rows, migrations and the store. Knows nothing of screens or of the loop."""

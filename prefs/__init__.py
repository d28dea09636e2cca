"""Judge: ballots, rankings and rewards. Knows nothing of networks, SQL or screens."""

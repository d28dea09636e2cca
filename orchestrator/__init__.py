"""Run a query: policy, tools, prices and the loop. Knows nothing of SQL, screens or rankings."""

"""Where searches go: the index on this machine, a `/retrieve` server, Tavily or SearXNG."""

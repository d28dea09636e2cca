"""The three tools: search, enhance_reasoning and answer, each served by the experts behind its aliases."""

"""The loop closed: simulated annotators rank, P is learned, the orchestrator is trained on it, and is preferred."""

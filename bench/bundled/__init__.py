"""What proves the figures of the bundled small orchestrator: held-out tasks, instructions and prices, in one run."""

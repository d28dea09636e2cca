"""Training of the bundled small orchestrator: a warm-up, then reinforcement learning in the rehearsal world."""

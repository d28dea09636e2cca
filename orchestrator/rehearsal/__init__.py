"""The rehearsal world: a corpus of facts, tasks with known answers, stand-in experts. No key, no GPU, no network."""

"""The rehearsal world: a corpus of facts, tasks with known answers and stand-in experts. Needs no key, GPU or network."""

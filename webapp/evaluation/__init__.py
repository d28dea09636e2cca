"""Policies compared over the rehearsal tasks: what to run, running it, and telling the result."""

"""The reward linter: searches for batches in which a reward breaks a law that every such reward must keep."""

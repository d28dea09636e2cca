"""What is wrong with a checkpoint."""


class BadCheckpoint(ValueError):
    """A folder holds no checkpoint that could be used; the message says why and what to do."""

"""Texts as columns hold them, and those that are searched in as they are compared."""


def searchable(text: str) -> str:
    """The text as every database can hold it in a column: without NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def folded(text: str) -> str:
    """The same without regard to case."""
    return searchable(text).casefold()

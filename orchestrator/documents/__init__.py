"""Documents: reading files into passages, and finding the passages that answer a query."""

"""Show and ask: the command line, HTTP, the page, and the one place where everything is put together."""

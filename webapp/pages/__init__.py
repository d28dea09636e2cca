"""Pages beside the desk: ordinary documents drawn by our own scripts over the HTTP interface (docs/decisions/0018)."""

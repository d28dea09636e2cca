"""Agreement: how far people say the same, and so how well anybody could predict them."""

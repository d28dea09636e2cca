"""Who is asking, and what each role may do at each door."""

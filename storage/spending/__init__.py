"""What may be spent, by whom, and what is reserved for runs that go on."""

"""What search looks through: the bundled corpus and, where there is one, the user's own documents."""

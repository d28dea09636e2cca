"""Who may use this Podium: accounts, sessions, invitations, tokens, and the log of what they did."""

"""Pages on which people log in, accept invitations, and keep their accounts and those of others."""

"""Logging in with an organisation's own login, by OpenID Connect."""

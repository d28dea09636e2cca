"""Secrets that open something: long, random, and kept only as their SHA-256."""

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """256 random bits as text that fits into a link and a header."""
    return prefix + secrets.token_urlsafe(32)


def sha256(secret: str) -> str:
    """By which it is found again. Whoever reads the database cannot go back."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

"""Backups, restoring them, and moving everything from one database to another."""

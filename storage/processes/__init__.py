"""Which processes use a database, which of them drives a trajectory, and what becomes of those of a dead one."""

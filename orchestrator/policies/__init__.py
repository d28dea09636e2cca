"""Policies: scripted, random, a fixed route, and a model behind an endpoint. `spec` builds one from its SPEC."""

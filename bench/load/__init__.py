"""Hundreds of people at once: how quickly a served Podium acknowledges, and how soon followers see a step."""

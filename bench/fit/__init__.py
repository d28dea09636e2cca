"""Podium's strengths beside choix, evalica and arena-rank on the same data, in one run."""

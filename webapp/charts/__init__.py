"""Plotly figures of trajectories, each with a sentence and a table that say the same. Pure."""

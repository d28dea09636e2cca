"""View models: trajectories, ballots and rankings as plain JSON for the islands of the page. Pure."""

"""What leaves the store as files: raw rankings first, trajectories, training files and a data card."""

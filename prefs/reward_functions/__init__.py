"""R(τ) as the reward functions that trainers call. Standard library only, so that they can be shipped beside data."""

"""What to ask next: ballots that teach most about the weights, and when to stop asking."""

"""What a preference vector would choose among stored alternatives, and what that would cost."""

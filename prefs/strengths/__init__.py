"""Strengths of named items, such as policies, from comparisons and rankings, and the leaderboard made of them."""

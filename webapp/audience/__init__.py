"""A ballot on the phones of a room: who may join, what they say, and what the stage learns from it as it comes."""

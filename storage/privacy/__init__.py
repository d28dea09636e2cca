"""What people may ask of whoever keeps their work: to see it, to be forgotten, and that nothing stays for ever."""

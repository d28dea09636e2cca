"""How quickly each page appears, whether it jumps, and how soon it answers a key: `python -m bench.pages`."""

"""The same judgements through rrmq and through other tools; `beside_peers.py` runs them."""

"""Virtual devices: programs that speak the real protocols, for demo and tests, and say that they are virtual."""

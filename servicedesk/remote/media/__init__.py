"""The media node: relays and records the encoded pictures and sound of remote sessions; runs without Django."""

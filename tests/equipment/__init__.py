"""Devices for the tests: real programs and decoders, none of which pretends to be the part under test."""

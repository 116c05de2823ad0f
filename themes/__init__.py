"""Appearance of Linban: tokens, templates, components, art and browser modules; no rules and no models."""

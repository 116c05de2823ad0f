"""Template tags of the appearance."""

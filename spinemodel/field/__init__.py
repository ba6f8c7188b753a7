"""Tissues as conductors: cited conductivities, by preset or by the user's own table."""

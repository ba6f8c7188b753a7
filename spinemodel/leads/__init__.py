"""Electrodes: what they are, where they lie, and how they sit among the tissues."""

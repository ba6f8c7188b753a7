"""Annotators compared: markers, masks and gradings; their consensus, and intervals for every number."""

"""Shapes laid onto each other: rigid, similarity and affine alignment on signed distances."""

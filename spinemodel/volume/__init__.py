"""Surfaces as volumes: the grid, the spans of voxels inside, what can be measured on them, and distances."""

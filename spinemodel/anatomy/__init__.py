"""From annotation to closed surfaces."""

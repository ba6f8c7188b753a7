"""How a column is laid round a sac: its poses, what holds them, and the descent to the best ones."""

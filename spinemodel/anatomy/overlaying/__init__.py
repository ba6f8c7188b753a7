"""How one partition is laid over another: cut, labelled, and what sticks out."""

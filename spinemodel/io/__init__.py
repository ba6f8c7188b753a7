"""One format, one file: the only room that knows LPS, other units and the disk."""

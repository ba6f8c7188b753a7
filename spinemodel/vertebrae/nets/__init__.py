"""Surface nets between the labels of a mask: cells, smoothing that keeps volumes, and triangles."""

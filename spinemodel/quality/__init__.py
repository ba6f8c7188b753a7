"""Quality of images: how far cerebrospinal fluid and cord stand out from each other and from noise, slice by slice."""

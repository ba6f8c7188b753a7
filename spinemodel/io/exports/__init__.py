"""A model for other programs: one file per format, each with what the program needs and nothing it must mend."""

"""Vertebrae from label masks: surfaces, measures, fractures, density, and their place round the cord."""

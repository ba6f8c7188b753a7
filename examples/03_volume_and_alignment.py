"""From a model to a label volume that Slicer and a field solver read, and one shape laid onto another.

Run it on a subject of the lumbosacral dataset, or without an argument on a synthetic one::

    python examples/03_volume_and_alignment.py path/to/derivatives/markers/sub-03

Prints how far the cord, turned and moved, comes to lie from its own voxels once it is aligned with them, in mm.
"""

import sys
from pathlib import Path

import numpy as np

from spinemodel import Phantom, Surface, align, annotate, build, rasterise, read_subject, to_volume, write_volume
from spinemodel.alignment.shapes import Mask
from spinemodel.volume.grid import around

annotation = read_subject(Path(sys.argv[1])) if sys.argv[1:] else annotate(Phantom())
surfaces = build(annotation).surfaces

spans = rasterise([surfaces["Cord"], surfaces["Dura"]], around(surfaces, spacing_mm=0.5))
write_volume(Path("demo/example") / f"{annotation.subject}_seg-canal_dseg.nii.gz", to_volume(spans))

turn = np.radians(10)
matrix = [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
cord = surfaces["Cord"]
moved = Surface("Cord", "elsewhere", cord.vertices @ np.transpose(matrix) + [4, -7, 12], cord.faces)
found = align(moved, Mask(to_volume(rasterise(cord, spans.grid)), label=1))
assert found.verdict.converged, found.verdict.reason
print(f"{np.abs(found.residuals_mm).mean():.3f} mm")

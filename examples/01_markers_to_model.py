"""From marker files to a checked model, in a dozen lines.

Run it on a subject of the lumbosacral dataset, or without an argument on a synthetic one::

    python examples/01_markers_to_model.py path/to/derivatives/markers/sub-03

Prints the largest distance of any cord or dura marker from the surface, in mm.
"""

import sys
from pathlib import Path

from spinemodel import Phantom, annotate, audit, build, marker_errors, read_subject, write_surface

annotation = read_subject(Path(sys.argv[1])) if sys.argv[1:] else annotate(Phantom())
anatomy = build(annotation)

checked = audit(anatomy.surfaces)
assert not checked.failures, checked.failures

for name, surface in anatomy.surfaces.items():
    write_surface(Path("demo/example") / f"{annotation.subject}_{name}.stl", surface)

errors = marker_errors(anatomy)
print(f"{max(abs(errors[name][1]).max() for name in ('Cord', 'Dura')):.3f} mm")

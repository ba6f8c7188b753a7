"""From a label mask of a spine to surfaces, measures and fracture grades.

Run it on a mask of VerSe or SPIDER, or without an argument on that of a synthetic spine::

    python examples/04_vertebrae.py path/to/sub-verse004_seg-vert_msk.nii.gz

Prints the mean posterior height of the vertebral bodies, mm.
"""

import sys
from pathlib import Path

import numpy as np

from spinemodel import Phantom, annotate, build, examine, phantom_mask, read_vertebral_mask, write_spine

given = Path(sys.argv[1]) if sys.argv[1:] else None
mask = read_vertebral_mask(given) if given else phantom_mask(build(annotate(Phantom())), spacing_mm=1.25)
spine = examine(mask)
record = write_spine(spine, Path("demo/example"))
assert record.exists()
print(f"{np.mean([body.posterior for body in spine.heights.values()]):.1f} mm")

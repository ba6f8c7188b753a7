"""From marker files to a partition of space that a field simulator can take.

Run it on a subject of the lumbosacral dataset, or without an argument on a synthetic one::

    python examples/02_partition_of_space.py path/to/derivatives/markers/sub-03

Prints by how much the volumes of all tissues together miss the whole, in mm3.
"""

import sys
from pathlib import Path

from spinemodel import Phantom, annotate, build, complete, read_subject, write_surface
from spinemodel.anatomy.compartments import volumes
from spinemodel.anatomy.surface import volume

annotation = read_subject(Path(sys.argv[1])) if sys.argv[1:] else annotate(Phantom())
tissues = complete(build(annotation))
assert not tissues.failures, tissues.failures

for name, surface in tissues.partition.parts.items():
    write_surface(Path("demo/example") / f"{annotation.subject}_tissue-{name}.stl", surface)

print(f"{abs(sum(volumes(tissues.partition).values()) - volume(tissues.domain)):.3f} mm3")

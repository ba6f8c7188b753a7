"""From marker files to a partition of space that a field simulator can take.

Run it on a subject of the lumbosacral dataset, or without an argument on a synthetic one::

    python examples/02_partition_of_space.py path/to/derivatives/markers/sub-03

Prints the volume of every tissue, and by how much their sum misses the whole, as a part of it.
"""

import sys
from pathlib import Path

from spinemodel import Phantom, annotate, build, complete, read_subject
from spinemodel.anatomy.compartments import check_partition, volumes
from spinemodel.anatomy.surface import volume

annotation = read_subject(Path(sys.argv[1])) if sys.argv[1:] else annotate(Phantom())
tissues = complete(build(annotation))

whole = volume(tissues.domain)
failures = check_partition(tissues.partition, whole)
assert not failures, failures

sizes = volumes(tissues.partition)
for name, size in sizes.items():
    print(f"{name:16} {size / 1000:10.3f} cm3  {tissues.origins[name]}")
print(f"{abs(sum(sizes.values()) / whole - 1):.0e}")

"""How a lead field lies in HDF5.

::

    /                      attributes: kind, format, spinemodel (version), space, frame (RAS), unit (mm), potential_unit
                           (mV), current_unit (mA), contacts, tissues (JSON: name by number)
    /about                 JSON: preset, conductivities, hashes of model and lead, settings, certificate
    /impedance             (contacts, contacts) float64, ohm
    /boxes/0, /boxes/1 ... from the finest; attributes first (of the nodes, in steps), nodes, spacing_mm
    /boxes/0/potential     (nx, ny, nz, contacts) float32, mV per mA, contiguous; NaN where nothing conducts
    /boxes/0/tissue        (2 nx - 1, 2 ny - 1, 2 nz - 1) uint8: number of the tissue at each node, and half-way between
                           nodes; 0 where a node has no potential
    /patches/0 ...         the same of patches, boxes of smaller cells along nerve roots, with any spacing and anywhere
                           within the boxes, of smaller cells before larger; absent where there is none

Every array has the attribute ``sha256``, the hash of its bytes, and / that of its own attributes, of which
``parts_sha256`` is the hash of all names and attributes within it; :func:`~spinemodel.io.lead_field.require_intact`
compares them. The rest is HDF5's own, which has checksums of that.

A node's contacts lie side by side, since who reads one mostly reads all: from anywhere in a file on the disk they come
at once. Format 1 had (contacts, nx, ny, nz); such a file is read as a whole, and turned into this order.

Formats 1 and 2 had the tissue that fills most of each cell, (nx - 1, ny - 1, nz - 1). Such a file is read, and a node
then has the tissue of most of its eight cells, which beside layers thinner than a cell need not be its own.

Where conductivities are complex, at a frequency, so are potentials (complex64) and impedance (complex128).

Node (i, j, k) of a box lies at (first + (i, j, k)) * spacing_mm, RAS+ mm. A point takes its potential from the
patches that hold it, or else from the finest such box; towards a face the next takes over.
"""

from __future__ import annotations

from typing import Any, Final

KIND: Final = "spinemodel lead field"

FORMAT: Final = 3
"""Version of the layout."""

BY_CONTACT: Final = 1
"""The first version, in which each contact's potential lay in one piece."""

BY_CELL: Final = 2
"""The last version in which cells had tissues, not nodes."""

MOST_TISSUES: Final = 255
"""Tissues' numbers are bytes, and 0 is none."""

FRAME: Final = {"frame": "RAS", "unit": "mm", "potential_unit": "mV", "current_unit": "mA"}
"""Attributes that every file states alike."""

POTENTIAL: Final = ("<f4", "<c8")
IMPEDANCE: Final = ("<f8", "<c16")
"""Types of the numbers: real, and complex."""

DIGEST: Final = "sha256"
"""Attribute of every array, and of the file: the hash of its bytes, and of what the file states."""

PARTS: Final = "parts_sha256"
"""Attribute of the file: the hash of what lies in it and of what that states, such as boxes' places; of earlier files
absent."""

MEND: Final = "solve again with `spinemodel solve`"

Group = Any
"""An ``h5py.Group``."""

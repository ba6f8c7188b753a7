"""Where the nodes of fibres lie that are thinner in the dorsal column than in their root.

An engine knows axons of one diameter. In the models that are used, what currents do from node to node depends little on
the diameter, since the nodes' membrane, the axon's conductance from one to the next and their distance all grow with
it: thin fibres are harder to excite mostly because their nodes lie closer together. So the thinner part of a fibre is
taken for an axon as thick as the rest whose nodes are as close as those of the thin one. What that leaves out is 8 to
16 % of threshold between MRG's 13.2 and 8.8 um, measured with the same potentials from node to node; and what the
branching itself does.

Nodes are then evenly spaced along a distance of their own, the cable's, of which the column part has more than the
path.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinemodel.arrays import FloatArray

THINNER: Final = 2 / 3
"""Diameter in the dorsal column over that in the root.

A choice: the thickest fibre of the models, 16 um, then has the 10.7 um there that only 0.5 % of the fibres in the outer
0.3 mm of human dorsal columns exceed (Feirabend et al. 2002, Brain 125:1137, Th10-11). In the cat, all branches of skin
afferents in the column conduct more slowly than their fibres do in the limb (Brown 1968, Exp. Brain Res. 5:293).
"""

TAPER_MM: Final = 6.0
"""Length above the entry over which a fibre becomes thinner. A choice: that over which it takes its place in the
column."""


def cable_mm(arc_mm: FloatArray, column_mm: float) -> FloatArray:
    """Return the cable's distance to points of a path, (n,) mm.

    Parameters
    ----------
    arc_mm
        (n,) distances along the path, increasing from 0, closely spaced.
    column_mm
        Length of its first part that lies in the dorsal column.

    Examples
    --------
    >>> cable_mm(np.linspace(0, 30, 121), 20.0)[[0, 4, 8]]
    array([0. , 1.5, 3. ])
    """
    done = np.clip((column_mm - arc_mm) / TAPER_MM, 0, 1)
    rate = 1 / (1 - (1 - THINNER) * done**2 * (3 - 2 * done))
    return np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * np.diff(arc_mm))])

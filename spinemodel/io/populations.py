"""Populations of fibres in the roots of a model that was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from spinemodel.anatomy.column_paths import DorsalColumns, dorsal_columns_in, with_columns
from spinemodel.anatomy.curves import Centreline
from spinemodel.anatomy.fibre_paths import FibrePath, fibre_paths
from spinemodel.anatomy.rootlets import Fan
from spinemodel.errors import InputError
from spinemodel.io.conductivities import nearest
from spinemodel.io.exports.fibres import fans_of
from spinemodel.io.whole_model import WholeModel
from spinemodel.levels import CORD, DORSAL_COLUMNS, ROOTS
from spinemodel.recruitment.draw import class_seed, draw
from spinemodel.recruitment.population import FibreClass, Population

COLUMN_MM: Final = 10.0
"""Length in the dorsal column that dorsal fibres have unless told.

A choice: it holds the bend where a fibre enters the cord, at which dorsal root fibres fire first (Struijk et al. 1993,
IEEE Trans. Biomed. Eng. 40:632; Ladenbauer et al. 2010), and leaves out what another target is: fibres of lower roots
that pass under a contact further up. How far up they are as thick as there is not known for each class: muscle
afferents end for the most part in the upper lumbar and lower thoracic segments, and conduct ever more slowly on the way
(Lloyd & McIntyre 1950, J. Neurophysiol. 13:39); in the cat they are 3 to 7 um thick in L3 and L4 (Hongo et al. 1987,
J. Comp. Neurol. 262:159). Abstracts read; the last two' volumes and pages, and the last one's authors, from memory.
"""


def population(
    model: WholeModel,
    classes: Sequence[FibreClass],
    count: int,
    seed: int = 0,
    *,
    roots: Iterable[str] | None = None,
    dorsal_column_mm: float = COLUMN_MM,
) -> Population:
    """Return ``count`` fibres of every class in each root that may have it.

    Dorsal fibres begin in the dorsal column, pass down it, and leave the cord through a rootlet; without dorsal columns
    or rootlets in the model they begin at the cord. Classes whose roots the model has not (ventral ones, mostly) have
    no fibres.

    Parameters
    ----------
    model
        As read.
    classes
        Of the fibres.
    count
        Fibres per class and root, 1 or more.
    seed
        Of all that is random. Fibres of a root and class do not depend on what other roots and classes there are.
    roots
        Names of those that are wanted, such as ``L3_R`` and ``L3_R_ventral``; None: all.
    dorsal_column_mm
        Length along the cord that dorsal fibres have in the dorsal column; 0 for none. It ends where the cord does: a
        longer one is all of it.

    Raises
    ------
    InputError
        If the model has no centrelines, or does not say how its rootlets were drawn; if no class has a root, or a root
        is not there.
    """
    lines = {str(root): model.centrelines[str(root)] for root in ROOTS if str(root) in model.centrelines}
    if not lines:
        raise InputError(f"{model.folder}: has no centrelines, and fibres run along them; build the model again")
    trunks = {fan.trunk.name: fan for fan in fans_of(model)}
    wanted = _wanted(roots, {**lines, **trunks})
    columns = _columns(model) if trunks and dorsal_column_mm > 0 else None
    paths = {}
    for one in classes:
        own = [name for name in wanted if name.endswith("_ventral") == (one.roots == "ventral")]
        own_seed = class_seed(seed, one.name)
        drawn = _paths(own, lines, trunks, count, own_seed)
        up = columns if one.roots == "dorsal" else None
        paths[one.name] = with_columns(drawn, up, dorsal_column_mm, own_seed) if up else drawn
    return draw(paths, classes, seed)


def _paths(
    names: Sequence[str], lines: dict[str, Centreline], fans: dict[str, Fan], count: int, seed: int
) -> tuple[FibrePath, ...]:
    """Return ``count`` paths of each of some roots."""
    own = {name: lines[name] for name in names if name in lines}
    return fibre_paths(own, [fans[name] for name in names if name in fans], count=count, seed=seed) if names else ()


def _wanted(roots: Iterable[str] | None, known: Iterable[str]) -> list[str]:
    """Return the roots that are wanted, in order."""
    known, named = sorted(known), None if roots is None else list(roots)
    for name in named or ():
        if name not in known:
            raise InputError(
                f"roots: the model has no {name!r}; nearest is {nearest(name, known)}; expected {', '.join(known)}"
            )
    return [name for name in known if named is None or name in named]


def _columns(model: WholeModel) -> DorsalColumns | None:
    """Return a model's dorsal columns; None where it has none."""
    parts = model.partition.parts if model.partition else {}
    if DORSAL_COLUMNS.name not in parts or CORD.name not in model.surfaces:
        return None
    return dorsal_columns_in(model.surfaces[CORD.name], parts[DORSAL_COLUMNS.name], model.levels.axis)

"""Draws the fibres of a population: how thick each is and where its nodes lie, on a path of its own.

Diameters and phases are drawn from strata of equal probability, one fibre from each (stratified sampling; both at once
make a Latin hypercube, McKay et al. 1979, Technometrics 21:239): a few fibres then have the distribution's mean and
width, and curves of recruitment rise evenly. Where in its stratum a fibre lies, and which diameter goes with which
path, is random, and the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from zlib import crc32

import numpy as np
from scipy.special import ndtr, ndtri

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.arrays import FloatArray
from spinemodel.errors import InputError
from spinemodel.recruitment.column_nodes import THINNER
from spinemodel.recruitment.population import FibreClass, Population
from spinemodel.recruitment.sizes import sizes_of


def draw(paths: Mapping[str, Sequence[FibrePath]], classes: Sequence[FibreClass], seed: int = 0) -> Population:
    """Return a population with one fibre on each path.

    Parameters
    ----------
    paths
        By the name of a class, those of its fibres, root by root. Fibres are named after root and class.
    classes
        Theirs.
    seed
        Of what is random. The fibres of a root and class do not depend on what other roots and classes there are.

    Raises
    ------
    InputError
        If there is no path at all.

    Examples
    --------
    >>> ia = FibreClass("Ia", "dorsal", 13.2, 1.2, 9.6, 16.0, "mrg", "an example")
    >>> line = np.array([[0.0, 0, 0], [0, 0, -30]])
    >>> paths = [FibrePath(f"path{k}", "L3_R", "", "lab", line) for k in range(3)]
    >>> population = draw({"Ia": paths}, [ia])
    >>> population.names, population.weight.round(2)
    (('L3_R_Ia_1', 'L3_R_Ia_2', 'L3_R_Ia_3'), array([0.33, 0.33, 0.33]))
    """
    parts = [
        _fibres(root, list(own), one, seed)
        for one in classes
        for root, own in groupby(paths.get(one.name, ()), key=lambda path: path.root)
    ]
    if not parts:
        raise InputError(f"population: no paths for {', '.join(one.name for one in classes) or 'no class'}")
    return _joined(parts)


def class_seed(seed: int, name: str) -> int:
    """Return a seed of a class's own.

    Examples
    --------
    >>> class_seed(0, "Ia") != class_seed(0, "II") != class_seed(1, "II")
    True
    """
    return crc32(f"{seed} {name}".encode())


def diameters(one: FibreClass, share: FloatArray) -> FloatArray:
    """Return the diameters (n,) um that a share (n,) of the class's fibres, 0 to 1, stay below."""
    if one.sd_um == 0:
        return np.full(len(share), one.mean_um)
    low, high = (ndtr((end - one.mean_um) / one.sd_um) for end in (one.low_um, one.high_um))
    return np.asarray(np.clip(one.mean_um + one.sd_um * ndtri(low + (high - low) * share), one.low_um, one.high_um))


def _fibres(root: str, paths: Sequence[FibrePath], one: FibreClass, seed: int) -> Population:
    """Return the fibres of a class in a root."""
    n = len(paths)
    rng = np.random.default_rng([class_seed(seed, one.name), *root.encode()])
    diameter = diameters(one, _strata(rng, n))
    closer = np.array([THINNER if path.column_mm else 1.0 for path in paths])
    names = tuple(f"{root}_{one.name}_{k + 1}" for k in range(n))
    return Population(
        space=paths[0].space,
        names=names,
        roots=(root,) * n,
        classes=(one.name,) * n,
        models=(one.model,) * n,
        diameter_um=diameter,
        first_mm=_strata(rng, n) * closer * sizes_of(one.model, diameter).spacing_um / 1000,
        weight=np.full(n, 1 / n),
        paths=tuple(replace(path, name=name) for path, name in zip(paths, names, strict=True)),
    )


def _strata(rng: np.random.Generator, n: int) -> FloatArray:
    """Return n numbers of 0 to 1 in random order, one from each n-th."""
    return np.asarray((rng.permutation(n) + rng.random(n)) / n)


def _joined(parts: Sequence[Population]) -> Population:
    """Return the fibres of all parts."""
    return Population(
        space=parts[0].space,
        names=tuple(name for part in parts for name in part.names),
        roots=tuple(root for part in parts for root in part.roots),
        classes=tuple(one for part in parts for one in part.classes),
        models=tuple(model for part in parts for model in part.models),
        diameter_um=np.concatenate([part.diameter_um for part in parts]),
        first_mm=np.concatenate([part.first_mm for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        paths=tuple(path for part in parts for path in part.paths),
    )

"""A population comes back from its table and its potentials to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.field.along_fibres import FibrePotentials
from spinemodel.io.population_table import read_population, write_population
from spinemodel.recruitment.population import Population


def made() -> tuple[Population, FibrePotentials]:
    rng = np.random.default_rng(1)
    points = [rng.normal(size=(n, 3)).cumsum(axis=0) for n in (4, 6)]
    names, roots = ("L3_R_Ia_1", "L3_R_ventral_alpha_1"), ("L3_R", "L3_R_ventral")
    paths = tuple(
        FibrePath(name, root, rootlet, "lab", line)
        for name, root, rootlet, line in zip(names, roots, ("L3_R_2", ""), points, strict=True)
    )
    population = Population(
        "lab", names, roots, ("Ia", "alpha"), ("mrg", "mrg"), rng.random(2) * 10, rng.random(2), [1.0, 1.0], paths
    )
    arc = np.concatenate([path.arc_mm for path in paths])
    potentials = FibrePotentials("lab", ("C1",), names, [0, 4, 10], np.vstack(points), arc, rng.random((1, 10)))
    return population, potentials


def test_a_population_comes_back_as_it_was(tmp_path: Path) -> None:
    population, potentials = made()
    write_population(population, tmp_path / "fibres.tsv")
    again = read_population(tmp_path / "fibres.tsv", potentials)
    for name in ("space", "names", "roots", "classes", "models"):
        assert getattr(again, name) == getattr(population, name)
    for name in ("diameter_um", "first_mm", "weight"):
        assert np.array_equal(getattr(again, name), getattr(population, name))
    for one, other in zip(again.paths, population.paths, strict=True):
        assert (one.name, one.root, one.rootlet, one.space) == (other.name, other.root, other.rootlet, other.space)
        assert np.array_equal(one.points, other.points)


def test_what_is_no_table_of_these_fibres_is_refused(tmp_path: Path) -> None:
    population, potentials = made()
    path = tmp_path / "fibres.tsv"
    write_population(population.take([1, 0]), path)
    with pytest.raises(InputError, match=r"fibres.tsv: not of the fibres whose potentials are given"):
        read_population(path, potentials)
    path.write_text("a\tb\n1\t2\n")
    with pytest.raises(InputError, match=r"fibres.tsv: no table of fibres .*; expected fibre, root"):
        read_population(path, potentials)
    with pytest.raises(InputError, match=r"missing.tsv: cannot be read"):
        read_population(tmp_path / "missing.tsv", potentials)

"""Montages and a population in one call: what is joined, where fibres fire, and what is left out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.errors import InputError
from spinemodel.field.along_fibres import FibrePotentials
from spinemodel.field.montage import Montage
from spinemodel.recruitment.axons import Model
from spinemodel.recruitment.geometry import mrg_geometry
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.pulse import monophasic
from spinemodel.recruitment.recruit import recruit
from spinemodel.recruitment.thresholds import Outcome
from tests.recruitment.toy_engine import Toy

STEP_MM = 0.25
SOURCE = {"C1": 20.0, "C2": 40.0}
"""Where along the fibres the contacts lie, 3 mm beside them."""


def line(name: str, length_mm: float) -> FibrePath:
    at = np.arange(0, length_mm + STEP_MM / 2, STEP_MM)
    return FibrePath(name, "L3_R", "", "lab", np.stack([0 * at, 0 * at, -at], axis=1))


def population(lengths: list[float], models: list[Model] | None = None) -> Population:
    names = tuple(f"L3_R_Ia_{i}" for i in range(len(lengths)))
    return Population(
        space="lab",
        names=names,
        roots=("L3_R",) * len(names),
        classes=("Ia",) * len(names),
        models=tuple(models or ["mrg"] * len(names)),
        diameter_um=np.full(len(names), 10.0),
        first_mm=np.full(len(names), 0.5),
        weight=np.full(len(names), 1 / len(names)),
        paths=tuple(line(name, length) for name, length in zip(names, lengths, strict=True)),
    )


def potentials(fibres: Population) -> FibrePotentials:
    """Potentials of point sources beside the fibres."""
    arcs = [path.arc_mm for path in fibres.paths]
    s = np.concatenate(arcs)
    values = np.stack([1000 / np.hypot(s - at, 3.0) for at in SOURCE.values()])
    offsets = np.cumsum([0, *(len(arc) for arc in arcs)])
    points = np.concatenate([path.points for path in fibres.paths])
    return FibrePotentials("lab", tuple(SOURCE), fibres.names, offsets, points, s, values)


def test_sites_lie_beside_the_cathode() -> None:
    fibres = population([60.0, 60.0])
    montages = [Montage({"C1": -1.0}), Montage({"C2": -1.0})]
    first, second = recruit(fibres, potentials(fibres), montages, monophasic(0.3), engine=Toy())
    assert (first.montage, second.montage, first.pulse) == ("C1:-1", "C2:-1", "monophasic 0.3 ms")
    spacing = mrg_geometry([10.0]).spacing_um[0] / 1000
    for found, at in ((first, 20.0), (second, 40.0)):
        assert (found.thresholds.outcome == Outcome.ACTIVATED).all()
        assert np.abs(found.site[:, 2] + at).max() <= spacing / 2 + 1e-6
        node = np.rint((-found.site[:, 2] - 0.5) / spacing).astype(int)
        np.testing.assert_array_equal(found.thresholds.site_node, node)
    np.testing.assert_allclose(first.thresholds.threshold_mA, second.thresholds.threshold_mA, rtol=0.15)


def test_thresholds_are_of_the_largest_current_whatever_the_montage_is_told_as() -> None:
    fibres = population([60.0])
    for plain, large in (({"C1": -1.0}, {"C1": -2.0}), ({"C1": -1.0, "C2": 0.5}, {"C1": -4.0, "C2": 2.0})):
        (one,), (two,) = (
            recruit(fibres, potentials(fibres), [Montage(own)], monophasic(0.3), engine=Toy()) for own in (plain, large)
        )
        assert two.thresholds.threshold_mA[0] == pytest.approx(one.thresholds.threshold_mA[0], rel=1e-12)
        assert two.montage == str(Montage(large))


def test_montages_that_differ_in_size_alone_are_refused() -> None:
    fibres = population([60.0])
    with pytest.raises(InputError, match=r"C1:-1 and C1:-2,C2:\+0: are the same but for their size"):
        recruit(fibres, potentials(fibres), [Montage({"C1": -1.0}), Montage({"C1": -2.0, "C2": 0.0})], monophasic(0.3),
                engine=Toy())  # fmt: skip


def test_short_fibres_and_gaps_are_left_out() -> None:
    fibres = population([1.5, 60.0, 60.0])
    found = potentials(fibres)
    values = found.potential.copy()
    values[:, found.part(fibres.names[2])] = np.nan
    found = FibrePotentials("lab", found.contacts, found.names, found.offsets, found.points, found.arc_mm, values)
    (one,) = recruit(fibres, found, [Montage({"C1": -1.0})], monophasic(0.3), engine=Toy())
    assert one.thresholds.outcome.tolist() == [Outcome.LEFT_OUT, Outcome.ACTIVATED, Outcome.LEFT_OUT]
    assert np.isnan(one.thresholds.threshold_mA[[0, 2]]).all()
    assert one.thresholds.site_node[0] == -1
    assert np.isnan(one.site[[0, 2]]).all()


def test_montages_do_not_change_each_other() -> None:
    fibres = population([60.0, 30.0, 1.5, 45.0], ["mrg", "gaines-sensory", "mrg", "mrg"])
    montages = [Montage({"C1": -1.0}), Montage({"C2": -1.0}), Montage({"C1": -1.0, "C2": 0.5})]
    together = recruit(fibres, potentials(fibres), montages, monophasic(0.3), engine=Toy())
    for montage, one in zip(montages, together, strict=True):
        (alone,) = recruit(fibres, potentials(fibres), [montage], monophasic(0.3), engine=Toy())
        np.testing.assert_allclose(one.thresholds.threshold_mA, alone.thresholds.threshold_mA, rtol=1e-12)
        np.testing.assert_array_equal(one.thresholds.outcome, alone.thresholds.outcome)
        np.testing.assert_array_equal(one.site, alone.site)


def test_models_are_sought_apart_and_joined_in_order() -> None:
    fibres = population([60.0] * 4, ["mrg", "gaines-sensory", "mrg", "gaines-sensory"])
    engine, told = Toy(), []
    (one,) = recruit(fibres, potentials(fibres), [Montage({"C1": -1.0})], monophasic(0.3), engine=engine,
                     progress=lambda *state: told.append(state))  # fmt: skip
    np.testing.assert_allclose(one.thresholds.threshold_mA, one.thresholds.threshold_mA[0], rtol=2e-3)
    assert told[-1] == ("C1:-1", 4, 4)
    assert all(before[1] <= after[1] for before, after in pairwise(told))


def test_up_to_is_kept() -> None:
    fibres = population([60.0])
    (one,) = recruit(fibres, potentials(fibres), [Montage({"C1": -1.0})], monophasic(0.3), engine=Toy(), up_to_mA=1e-3)
    assert one.thresholds.outcome.tolist() == [Outcome.NOT_ACTIVATED]
    assert one.thresholds.up_to_mA == 1e-3


def test_potentials_of_other_fibres_are_refused() -> None:
    with pytest.raises(InputError, match="not the population's"):
        recruit(population([60.0]), potentials(population([60.0, 60.0])), [Montage({"C1": -1.0})], monophasic(0.3),
                engine=Toy())  # fmt: skip


def test_an_unknown_contact_is_refused() -> None:
    fibres = population([60.0])
    with pytest.raises(InputError, match="C9"):
        recruit(fibres, potentials(fibres), [Montage({"C9": -1.0})], monophasic(0.3), engine=Toy())

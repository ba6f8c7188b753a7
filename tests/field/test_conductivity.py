"""Conductivities by material and by part."""

from dataclasses import replace

import pytest

from spinemodel.field.conductivity import (
    MATERIALS,
    Conductivity,
    Preset,
    conductivities,
    material_of,
    without_direction,
)
from spinemodel.levels import ROOT_TISSUES, ROOTLET_TISSUES, TISSUES

FAT = Conductivity(0.04, 0.04, "a choice", verified=False)


def test_every_tissue_and_every_part_of_a_lead_has_a_material() -> None:
    assert {material_of(part) for part in (*TISSUES, "Backing", "C12")} == set(MATERIALS)
    assert {material_of(part) for part in (*ROOT_TISSUES, *ROOTLET_TISSUES)} == {"Root"}


def test_the_isotropic_value_keeps_the_determinant() -> None:
    value = Conductivity(0.6, 0.083, "a choice", verified=False)
    assert value.isotropic**3 == pytest.approx(0.6 * 0.083**2)
    assert FAT.isotropic == pytest.approx(0.04)


def test_parts_of_one_material_share_its_value() -> None:
    preset = Preset("mine", "mine", {"Root": FAT})
    assert conductivities(preset, ["L1_L", "S2_R_rootlets"]) == {"L1_L": FAT, "S2_R_rootlets": FAT}


def test_a_preset_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        Preset("mine", "mine", {"Fat": FAT}).materials["Fat"] = FAT  # type: ignore[index]


def test_conductivity_is_real_unless_charge_is_stored_at_a_frequency() -> None:
    still = Conductivity(0.6, 0.083, "a choice", verified=False, permittivity_along=1e5, permittivity_across=1e5)
    assert (still.complex_along, still.is_complex) == (0.6, False)
    stores = replace(still, frequency_hz=1000.0, permittivity_along=2e5)
    assert stores.is_complex
    # omega eps_0 at 1 kHz is 55.63 nS/m.
    assert stores.complex_along == pytest.approx(0.6 + 2e5 * 5.5633e-8j, rel=1e-4)
    assert stores.complex_across == pytest.approx(0.083 + 1e5 * 5.5633e-8j, rel=1e-4)


def test_without_direction_the_determinants_are_kept() -> None:
    value = Conductivity(0.6, 0.083, "a choice", False, 8e4, 1e4, 1000.0)
    even = without_direction(value)
    assert value.has_direction
    assert not even.has_direction
    assert even.along**3 == pytest.approx(0.6 * 0.083**2)
    assert even.permittivity_across == pytest.approx(2e4)
    assert replace(even, along=0.6, across=0.083, permittivity_along=8e4, permittivity_across=1e4) == value


def test_a_tissue_that_conducts_alike_but_stores_charge_along_its_fibres_has_a_direction() -> None:
    value = Conductivity(0.1, 0.1, "a choice", False, 8e4, 1e4)
    assert not value.has_direction
    assert replace(value, frequency_hz=1e4).has_direction

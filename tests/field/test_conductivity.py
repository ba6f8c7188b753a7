"""Conductivities by material and by part."""

import pytest

from spinemodel.field.conductivity import (
    MATERIALS,
    Conductivity,
    Preset,
    conductivities,
    material_of,
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

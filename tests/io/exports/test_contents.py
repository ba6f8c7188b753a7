"""What an export starts from: one set of labels, names and colours for all formats."""

from dataclasses import replace

import numpy as np
import pytest

from spinemodel.anatomy.compartments import volumes
from spinemodel.errors import InputError
from spinemodel.io.conductivities import read_preset
from spinemodel.io.exports.contents import LEAD_LABEL, part_colour
from spinemodel.io.lead import colours_of
from spinemodel.io.whole_model import WholeModel, read_model
from spinemodel.levels import STRUCTURES, TISSUES
from tests.io.exports.toy_contents import TISSUE_MM3, full_contents, toy_contents, toy_lead, whole_folder


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> WholeModel:
    return read_model(whole_folder(tmp_path_factory.mktemp("models") / "sub-toy"))


def test_labels_are_the_tables_and_the_leads_lie_above_all_of_them(model) -> None:
    labels = full_contents(model).labels
    assert labels == {"White": 32, "CSF": 33, "Bulk": 39, "Backing": 100, "C1": 101, "C2": 102}
    assert max(row.id for row in (*TISSUES.values(), *STRUCTURES.values())) < LEAD_LABEL


def test_the_lead_takes_the_place_of_tissue_and_the_rest_stays(model) -> None:
    contents = full_contents(model)
    mm3 = volumes(contents.partition)
    assert {name: round(mm3[name], 6) for name in ("White", "CSF")} == {"White": 27.0, "CSF": 189.0}
    assert mm3["Bulk"] + mm3["Backing"] + mm3["C1"] + mm3["C2"] == pytest.approx(TISSUE_MM3["Bulk"])
    assert set(contents.parts) == set(contents.labels)
    assert contents.conductivities["C2"].along == 9.43e6


def test_without_tissues_only_the_lead_has_parts(model) -> None:
    bare = replace(model, partition=None)
    assert dict(toy_contents(bare).parts) == {}
    assert set(toy_contents(bare, lead=toy_lead()).parts) == {"Backing", "C1", "C2"}
    with pytest.raises(InputError, match="has no tissues"):
        _ = toy_contents(bare, preset=read_preset("simnibs")).conductivities


def test_conductivities_must_be_named(model) -> None:
    with pytest.raises(InputError, match="--tissues, one of capogrosso2013, gabriel1996, nrv, rado-scs, simnibs, or a"):
        _ = toy_contents(model).conductivities


def test_colours_can_be_told_apart_from_every_tissue() -> None:
    own = np.array([part_colour(name) for name in ("Backing", *(f"C{i}" for i in range(1, 9)))])
    others = np.array([row.colour for name, row in TISSUES.items() if name[:1] not in "LS"])
    assert np.abs(others[:, None] - own).max(axis=2).min() > 0.15
    assert np.abs(own[:, None] - own)[~np.eye(9, dtype=bool)].max(axis=1).min() > 0.15
    assert {name: part_colour(name) for name in ("Backing", "C1", "C2")} == colours_of(toy_lead())
    assert part_colour("L1_L") == TISSUES["L1_L"].colour

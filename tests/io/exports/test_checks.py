"""What is refused before anything is written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinemodel.anatomy.compartments import Partition
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
from spinemodel.field.conductivity import Preset
from spinemodel.io.conductivities import read_preset
from spinemodel.io.exports.checks import require_sound
from spinemodel.io.exports.contents import Contents
from spinemodel.io.exports.names import require_apart, require_portable
from spinemodel.io.whole_model import WholeModel, read_model
from spinemodel.leads.lead import Lead
from tests.io.exports.toy_contents import toy_contents, toy_lead, toy_parts, whole_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return whole_folder(tmp_path_factory.mktemp("models") / "sub-toy")


@pytest.fixture(scope="module")
def model(folder) -> WholeModel:
    return read_model(folder)


def problem_of(contents: Contents) -> str:
    with pytest.raises((InputError, GeometryError, SpaceMismatchError)) as problem:
        require_sound(contents)
    assert "\n" not in str(problem.value)
    return str(problem.value)


def renamed(parted: Partition, old: str, new: str) -> Partition:
    return replace(parted, labels=tuple(new if label == old else label for label in parted.labels))


def lead_with(parts: Partition) -> Lead:
    return replace(toy_lead(), parts=parts)


def test_a_sound_model_passes_with_and_without_lead_and_conductivities(model) -> None:
    require_sound(toy_contents(model))
    require_sound(toy_contents(model, lead=toy_lead(), preset=read_preset("simnibs")))


def test_tissues_without_a_conductivity_are_named(model) -> None:
    whole = read_preset("capogrosso2013")
    lacking = Preset("mine", "mine", {k: v for k, v in whole.materials.items() if k not in ("CSF", "Metal")})
    assert "mine: no value for CSF, Metal" in problem_of(toy_contents(model, lead=toy_lead(), preset=lacking))
    assert "no value for CSF;" in problem_of(toy_contents(model, preset=lacking))


@pytest.mark.parametrize(("name", "told"), [("csf", "'CSF' and 'csf' collide"), ("aux", "Windows keeps it")])
def test_a_leads_names_collide_with_no_tissues_and_are_file_names(model, name: str, told: str) -> None:
    assert told in problem_of(toy_contents(model, lead=lead_with(renamed(toy_parts(), "C1", name))))


@pytest.mark.parametrize("name", ["csf", "CSF", "Fat", "dura"])
def test_a_contact_called_as_a_tissue_is_refused_before_the_lead_is_laid_in(model, tmp_path, name: str) -> None:
    lead, file = lead_with(renamed(toy_parts(), "C1", name)), tmp_path / "mine.json"
    with pytest.raises(InputError) as problem:
        _ = toy_contents(model, lead=lead, lead_file=file).partition
    assert str(problem.value).startswith(f"{file}: contact {name!r}: names ")
    assert problem_of(toy_contents(model, lead=lead, lead_file=file)) == str(problem.value)


def test_contacts_that_differ_by_capitals_alone_collide(model) -> None:
    told = problem_of(toy_contents(model, lead=lead_with(renamed(toy_parts(), "C1", "c2"))))
    assert "'c2' and 'C2' collide" in told


@pytest.mark.parametrize("name", ["a/b", "..", "a b", "", "Fat.", "CON", "lpt1.x", "ü", "a\n", "-x"])
def test_names_that_are_no_file_names_everywhere(name: str) -> None:
    with pytest.raises(InputError, match="rename the part"):
        require_portable([name])


def test_names_as_the_package_has_them_pass() -> None:
    require_portable(["L1_L_rootlets", "sub-03_C1.surf.gii", "Backing", "C16", "console", "E1+"])
    require_apart(["a", "b", "a.b"])


def test_an_unknown_structure_and_tissue_name_the_nearest(model) -> None:
    surfaces = {"Durra": model.surfaces["Dura"]}
    assert "structure 'Durra' is not known; nearest is Dura" in problem_of(
        toy_contents(replace(model, surfaces=surfaces))
    )
    parted = renamed(model.partition, "Bulk", "Balk")
    assert "tissue 'Balk' is not known; nearest is Bulk" in problem_of(toy_contents(replace(model, partition=parted)))
    record = {**model.record, "tissues": [{"name": "Fatt"}]}
    assert "tissue 'Fatt' is not known; nearest is Fat" in problem_of(toy_contents(replace(model, record=record)))


def test_a_lead_of_another_model_is_refused(model) -> None:
    told = problem_of(toy_contents(model, lead=toy_lead("sub-other/scanner")))
    assert "the lead lies in sub-other/scanner" in told
    assert "sub-toy/scanner; place the lead in this model" in told


def test_an_empty_structure_and_an_empty_tissue_are_refused(model) -> None:
    nothing = Surface("Cord", model.space, np.zeros((0, 3)), np.zeros((0, 3), int))
    assert "Cord empty" in problem_of(toy_contents(replace(model, surfaces={**model.surfaces, "Cord": nothing})))
    parted = replace(model.partition, labels=(*model.partition.labels, "Fat"))
    assert "Fat empty" in problem_of(toy_contents(replace(model, partition=parted)))


def test_a_tissue_that_the_lead_takes_whole_is_refused(model) -> None:
    swollen = replace(toy_parts(), vertices=(toy_parts().vertices - [5.65, 5.65, 8.55]) * 4 + [5, 5, 5])
    assert "White" in problem_of(toy_contents(model, lead=lead_with(swollen)))


def test_a_missing_file_and_a_changed_hash_are_one_line(tmp_path) -> None:
    folder = whole_folder(tmp_path / "sub-toy")
    stl = folder / "surfaces" / "Dura.stl"
    content = stl.read_bytes()
    stl.write_bytes(content + b" ")
    with pytest.raises(InputError, match=r"Dura\.stl: changed since the model was built"):
        read_model(folder)
    stl.unlink()
    with pytest.raises(InputError, match=r"Dura\.stl: named in model\.json but missing"):
        read_model(folder)


def test_conductivities_of_a_model_without_tissues_are_refused(model) -> None:
    record = {k: v for k, v in model.record.items() if k not in ("tissues", "partition")}
    bare = replace(model, partition=None, record=record)
    require_sound(toy_contents(bare, lead=toy_lead()))
    assert "has no tissues" in problem_of(toy_contents(bare, preset=read_preset("simnibs")))

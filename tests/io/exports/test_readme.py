"""The README: numbers that can be checked, and what is not known said so."""

from dataclasses import replace
from pathlib import Path

import pytest

from spinemodel.io.exports.contents import ExportedFile, ExportFormat
from spinemodel.io.exports.readme import parts_of, readme
from spinemodel.io.whole_model import WholeModel, read_model
from tests.io.exports.toy_contents import TISSUE_MM3, full_contents, toy_contents, toy_lead, whole_folder

FORM = ExportFormat("toy", "a toy", "1. Open {subject}.toy.", lambda contents, folder: [])
FILES = [ExportedFile(Path("a/b.stl"), "a mesh", "LPS", "mm"), ExportedFile(Path("c.json"), "a table")]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> WholeModel:
    return read_model(whole_folder(tmp_path_factory.mktemp("models") / "sub-toy"))


def rows_of(text: str) -> dict[str, list[str]]:
    """Words of the table rows, by the part's name."""
    return {words[1]: words for words in map(str.split, text.splitlines()) if len(words) > 3 and words[0].isdigit()}


def test_volumes_origins_and_conductivities_stand_in_the_table(model) -> None:
    text = readme(FORM, full_contents(model), FILES, {"model.json": "ab12"})
    rows = rows_of(text)
    assert rows["White"][:5] == ["32", "White", "#fcf2de", "27.0", "annotated"]
    assert rows["White"][5:7] == ["0.6", "0.083"]
    assert rows["CSF"][3:8] == ["189.0", "derived,", "25", "%", "extrapolated"]
    lead_mm3 = 1.9**3
    assert float(rows["Bulk"][3]) == pytest.approx(TISSUE_MM3["Bulk"] - lead_mm3, abs=0.1)
    assert rows["Bulk"][4:7] == ["extrapolated", "0.25", "0.25"]
    assert rows["C1"][0] == "101"
    assert rows["C1"][4:6] == ["placed", "9.43e+06"]
    assert rows["Dura"][3] == "216.0"
    assert "[1] Capogrosso et al. 2013" in text
    assert text.isascii()


def test_a_format_has_numbers_of_its_own_and_structures_none(model) -> None:
    form = replace(FORM, numbers=lambda contents: {"White": 1, "C1": 100})
    contents = full_contents(model)
    parts = {(part.kind, part.name): part.label for part in parts_of(contents, form)}
    assert (parts["tissue", "White"], parts["lead", "C1"]) == (1, 100)
    assert parts["structure", "Dura"] is None
    assert rows_of(readme(form, contents, FILES, {}))["White"][0] == "1"
    assert [row[:2] for row in map(str.split, readme(form, contents, FILES, {}).splitlines()) if "Dura" in row] == [
        ["-", "Dura"]
    ]


def test_what_must_be_known_of_a_file_is_said(model) -> None:
    files = [replace(FILES[0], note="it lacks C1."), FILES[1]]
    assert "Before you rely on it\n---------------------\nb.stl: it lacks C1." in readme(
        FORM, toy_contents(model), files, {}
    )
    assert "Before you rely" not in readme(FORM, toy_contents(model), FILES, {})


def test_it_says_how_to_open_what_frame_what_hash(model) -> None:
    text = readme(FORM, full_contents(model), FILES, {"model.json": "ab12"})
    assert text.startswith("sub-toy for a toy\n=================\n")
    assert "1. Open sub-toy.toy." in text
    assert "LPS: x points to the subject's left" in text
    assert "Unit of coordinates: mm" in text
    assert "model.json  SHA-256 ab12" in text
    assert "the 1 marker files" in text
    assert "NOT confirmed in a document" in text
    assert "2 contacts: C1, C2" in text
    assert "licence" in text


def test_what_is_not_there_is_said(model) -> None:
    text = readme(FORM, toy_contents(model), FILES, {})
    assert "No conductivities: none were named" in text
    assert rows_of(text)["White"][5:] == ["none", "none", "-", "-"]
    assert "Lead\n----\nNone." in text
    bare = replace(model, partition=None, record={k: v for k, v in model.record.items() if k != "tissues"})
    assert "The model has no tissues." in readme(FORM, toy_contents(bare), FILES, {})


def test_a_lead_without_tissues_is_still_told(model) -> None:
    bare = replace(model, partition=None, record={k: v for k, v in model.record.items() if k != "tissues"})
    parts = {part.name: part for part in parts_of(toy_contents(bare, lead=toy_lead()))}
    assert parts["C1"].mm3 == pytest.approx(0.125)
    assert parts["Backing"].mm3 == pytest.approx(1.9**3 - 0.25)
    assert parts["Backing"].label == 100


def test_a_roots_share_is_of_its_length(model) -> None:
    row = {"name": "Cord", "origin": "annotated", "extrapolated_mm": [[0, 1], [3, 5]], "length_mm": 12.0}
    record = {**model.record, "structures": [row]}
    part = next(part for part in parts_of(toy_contents(replace(model, record=record))) if part.name == "Cord")
    assert part.extrapolated_share == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("stated", "told"), [("true", "It fits, as"), ("false", "It does NOT fit"), ("3", None), ("[]", None)]
)
def test_whether_the_lead_fits_is_told_where_its_file_says_so(model, tmp_path, stated, told) -> None:
    (tmp_path / "lead.json").write_text(f'{{"fits": {stated}}}')
    text = readme(FORM, toy_contents(model, lead=toy_lead(), lead_file=tmp_path / "lead.json"), FILES, {})
    assert told in text if told else "fit," not in text

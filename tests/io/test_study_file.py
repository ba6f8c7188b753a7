"""Studies as TOML: what is read, and the one line that says what is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.study_file import read_study, study_of

EXAMPLES = Path(__file__).parents[2] / "examples"

LEAST = """
[subject]
phantom = {}
[lead]
name = "rado-scs"
at = "L2"
[tissues]
preset = "capogrosso2013"
[pulse]
width_ms = 0.3
"""


def test_what_is_left_out_has_its_value(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(LEAST)
    study = read_study(path)
    assert study.subject.phantom is not None
    assert study.subject.phantom.seed == 3
    assert study.montages == "every monopole"
    assert study.field.boundary == "beyond"
    assert study.muscles is None
    assert (study.uncertainty.seeds, study.uncertainty.annotators, study.uncertainty.presets) == (0, 0, [])
    assert study.uncertainty.level == 0.95
    assert study.path("markers") == tmp_path / "markers"


def test_whole_numbers_are_numbers(tmp_path: Path) -> None:
    study = study_of(tomllib.loads(LEAST.replace("0.3", "1")), tmp_path / "study.toml")
    assert study.pulse.width_ms == 1.0


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("[leed]", "leed: unknown key; did you mean lead? expected some of subject, build"),
        ("[field]\nspacing = 1", "field.spacing: unknown key; did you mean spacing_mm?"),
        ("[recruitment]\nup_to_ma = 1", "recruitment.up_to_ma: unknown key; did you mean up_to_mA?"),
        ("[field]\nspacing_mm = -1", "field.spacing_mm: expected greater than or equal to 0.05, got -1"),
        ("[field]\nspacing_mm = 5.0", "field.spacing_mm: expected less than or equal to 2, got 5"),
        ("[field]\ntolerance = 0.5", "field.tolerance: expected less than or equal to 0.01, got 0.5"),
        ("[field]\nspacing_mm = nan", "field.spacing_mm: expected a finite number, got nan"),
        ("[build]\nventral = 1", "build.ventral: expected true or false, got 1"),
        ('[build]\nposture = "standing"', "build.posture: expected 'supine' or 'prone', got 'standing'"),
        ("[fibres]\ncount = 2.5", "fibres.count: expected a whole number, got 2.5"),
        ("[uncertainty]\nannotator = 1", "uncertainty.annotator: unknown key; did you mean annotators?"),
        ("[uncertainty]\nlevel = 1.0", "uncertainty.level: expected less than 1, got 1.0"),
        ("[uncertainty]\nseeds = -1", "uncertainty.seeds: expected greater than or equal to 0, got -1"),
        ("[uncertainty]\npresets = ['nrv', 'my/NRV.toml']", "uncertainty: expected presets of different names"),
        ("[muscles]", "muscles.matrix: expected a value, got nothing"),
    ],
)
def test_what_is_wrong_is_one_line_with_file_and_field(tmp_path: Path, more: str, line: str) -> None:
    path = tmp_path / "study.toml"
    path.write_text(LEAST + more)
    with pytest.raises(InputError) as refused:
        read_study(path)
    assert str(refused.value).startswith(f"{path}: {line}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("phantom = {}", "phantom = { sed = 1 }", "subject.phantom.sed: unknown key; did you mean seed?"),
        ("phantom = {}", "", "subject: expected markers or phantom, one of them; got none"),
        ("phantom = {}", 'phantom = {}\nmarkers = "m"', "subject: expected markers or phantom, one of"),
        ("width_ms = 0.3", "", "pulse: expected width_ms or file, one of them; got none"),
        ("width_ms = 0.3", "width_ms = 0.3\ncount = 2", "pulse: expected frequency_hz beside count"),
        ("width_ms = 0.3", "width_ms = 0.3\ngap_ms = 0.1", "pulse: expected kind = 'biphasic' beside gap_ms"),
        ("width_ms = 0.3", "width_ms = 0.3\nrecovery = 0.5", "pulse: expected kind = 'biphasic' beside recovery"),
        ("width_ms = 0.3", "width_ms = 0.3\nfrequency_hz = 40.0", "pulse: expected a count of 2 or more beside"),
        ("width_ms = 0.3", "file = 'p.csv'\nkind = 'biphasic'", "pulse: expected a file alone"),
        ("width_ms = 0.3", "file = 'p.csv'\ngap_ms = 0.1", "pulse: expected a file alone"),
        ('at = "L2"', "", "lead.at: expected a value, got nothing"),
        ('at = "L2"', 'at = ""', "lead.at: expected some text, got ''"),
        ("[subject]", 'folder = "x"\n[subject]', "folder: unknown key"),
        ("[subject]", 'montages = "all"\n[subject]', "montages: expected 'every monopole'"),
        ("[subject]", "montages = []\n[subject]", "montages: expected"),
    ],
)
def test_tables_are_checked_as_a_whole(tmp_path: Path, old: str, new: str, line: str) -> None:
    with pytest.raises(InputError) as refused:
        study_of(tomllib.loads(LEAST.replace(old, new)), tmp_path / "study.toml")
    assert str(refused.value).startswith(f"{tmp_path / 'study.toml'}: {line}")


@pytest.mark.parametrize(("content", "words"), [(b"\xff", "cannot be read as a study"), (b"[", "not valid TOML")])
def test_files_that_are_none(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_study(path)
    with pytest.raises(InputError, match="cannot be read as a study"):
        read_study(tmp_path / "missing.toml")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("study_*.toml")), ids=lambda path: path.stem)
def test_the_examples_are_studies(path: Path) -> None:
    assert read_study(path).tissues.preset == "capogrosso2013"

"""What a study names and there is not is told before anything is made, in one line with file and key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from spinemodel.errors import InputError
from spinemodel.io.study_file import read_study, study_of
from spinemodel.study.lead_stage import placed_lead
from spinemodel.study.preflight import require_sound
from spinemodel.study.run import run_study
from tests.io.test_study_file import LEAST

STUDY = f"""
montages = ["C1:-1", "C2:-1"]
{LEAST}
[fibres]
roots = ["L3_L"]
"""


def test_a_sound_study_passes(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_text(STUDY)
    require_sound(read_study(path), path)


@pytest.mark.parametrize("at", ["l2", "segment:S1", "vertebra:T12", "vertebra:t12/L1", "z:-420", "z:-650"])
def test_levels_of_the_subject_pass(tmp_path: Path, at: str) -> None:
    path = tmp_path / "q.toml"
    path.write_text(STUDY.replace('at = "L2"', f'at = "{at}"'))
    require_sound(read_study(path), path)


OWN = """
[materials.Bone]
along = 0.1
across = 0.1
source = "a test"
verified = false
"""


@pytest.mark.parametrize(
    ("before", "build", "line"),
    [
        ("", "", "no value for Bulk, CSF, Disc"),
        ('base = "nrv"\n', '[build]\nwithout = ["Bone"]', "names Bone, which the model lacks"),
    ],
)
def test_conductivities_of_variants_are_those_of_the_model_s_tissues(
    tmp_path: Path, before: str, build: str, line: str
) -> None:
    path, own = tmp_path / "q.toml", tmp_path / "own.toml"
    own.write_text(f'unit = "S/m"\n{before}{OWN}')
    path.write_text(f'{STUDY}{build}\n[uncertainty]\npresets = ["own.toml"]\n')
    with pytest.raises(InputError) as refused:
        require_sound(read_study(path), path)
    assert str(refused.value).startswith(f"{path}: uncertainty.presets: {own}: {line}")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("C2:-1", "C99:-1", "montages: montage 'C99:-1': no contact 'C99'"),
        ("C2:-1", "C1:-1.0", "montages: 'C1:-1.0' stands there twice"),
        ("rado-scs", "rado-scx", "lead.name: lead rado-scx: not in the catalogue; did you mean rado-scs?"),
        ('at = "L2"', 'at = "high:L2"', "lead.at: got 'high:L2', expected L1, segment:L1"),
        ('at = "L2"', 'at = "L9"', "lead.at: sub-phantom has no spinal segment 'L9'; expected one of T10, T11"),
        ('at = "L2"', 'at = "vertebra:T1"', "lead.at: sub-phantom has no vertebra 'T1'; expected one of T8, T9"),
        ('at = "L2"', 'at = "z:up"', "lead.at: got 'z:up', expected"),
        ('at = "L2"', 'at = "z:-340"', "lead.at: z -340 mm: sub-phantom has no dura there; expected -651 to -352 mm"),
        ('at = "L2"', 'at = "z:-660"', "lead.at: z -660 mm: sub-phantom has no dura there; expected"),
        ('at = "L2"', 'at = "z:-520"\n[build]\ncaudal = "cut"', "lead.at: z -520 mm: sub-phantom has no dura there"),
        ('at = "L2"', 'at = "point:no.mrk.json"', "lead.at: "),
        ("capogrosso2013", "capogroso", "tissues.preset: "),
        ("width_ms = 0.3", 'file = "no.csv"', "pulse: "),
        ('roots = ["L3_L"]', 'roots = ["L9_L"]', "fibres.roots: no root 'L9_L'; expected some of L1_L"),
        ('roots = ["L3_L"]', 'classes = ["Ic"]', "fibres: fibre classes: 'Ic' is not known; nearest is"),
        ('roots = ["L3_L"]', '[muscles]\nmatrix = "no.toml"', "muscles.matrix: "),
        ('roots = ["L3_L"]', '[uncertainty]\npresets = ["capogrosso2013"]', "uncertainty.presets: capogrosso2013 is"),
        ('roots = ["L3_L"]', '[uncertainty]\npresets = ["nvr"]', "uncertainty.presets: conductivities: no preset"),
        ('roots = ["L3_L"]', '[build]\nwithout = ["Bones"]', "build: without Bones: no such part; expected some of"),
        ('roots = ["L3_L"]', '[vertebrae]\ngiven = "no"', "vertebrae.given: "),
        ("phantom = {}", 'markers = "no"', "subject.markers: "),
        ("phantom = {}", 'phantom = {}\ndataset = "no"', "subject.dataset: no dataset 'no'; expected"),
    ],
)
def test_what_is_not_there_is_told_at_once(tmp_path: Path, old: str, new: str, line: str) -> None:
    path, out = tmp_path / "q.toml", tmp_path / "out"
    assert old in STUDY
    path.write_text(STUDY.replace(old, new))
    with pytest.raises(InputError) as refused:
        run_study(read_study(path), out, path)
    assert str(refused.value).startswith(f"{path}: {line}")
    assert "\n" not in str(refused.value)
    assert not out.exists()


@pytest.mark.parametrize(("region_mm", "boundary", "fits"), [(100.0, "beyond", True), (300.0, "beyond", False),
                                                             (300.0, "grounded", True)])  # fmt: skip
def test_a_region_that_fits_nowhere_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region_mm: float, boundary: str, fits: bool
) -> None:
    monkeypatch.setattr("spinemodel.study.field_room.free_bytes", lambda: 1_000_000_000)
    path = tmp_path / "q.toml"
    path.write_text(f'{STUDY}[field]\nspacing_mm = 0.5\nregion_mm = {region_mm}\nboundary = "{boundary}"\n')
    if fits:
        require_sound(read_study(path), path)
        return
    with pytest.raises(InputError) as refused:
        require_sound(read_study(path), path)
    told = f"{path}: field.region_mm: 300 mm with field.spacing_mm 0.5: needs "
    assert str(refused.value).startswith(told)
    assert "of memory or more, and 1.0 GB are free; take a smaller field.region_mm" in str(refused.value)


def test_messages_of_the_place_name_the_study_s_key() -> None:
    study = study_of(tomllib.loads(LEAST), Path("study.toml"))
    model = SimpleNamespace(folder="model", levels=SimpleNamespace(spinal=(), vertebral=()))
    with pytest.raises(InputError, match=r"^lead\.at L2: model has no spinal segment L2; there are none$"):
        placed_lead(study, model)

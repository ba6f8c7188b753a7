"""Conductivities: the package's presets and the user's own tables."""

from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field.conductivity import KNOWN, SUBSTITUTES, WHOLE, conductivities, require_there
from spinemodel.io.conductivities import nearest, preset_names, read_preset
from spinemodel.levels import TISSUES

OWN = """
unit = "S/m"
base = "capogrosso2013"
[materials.Fat]
along = 0.1
across = 0.05
source = "a choice"
verified = false
"""


def table(folder: Path, text: str) -> Path:
    (folder / "mine.toml").write_text(text)
    return folder / "mine.toml"


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_holds_every_tissue_and_a_lead(name: str) -> None:
    preset = read_preset(name)
    assert set(preset.materials) == set(KNOWN)
    assert preset.file is None
    assert set(conductivities(preset, [*TISSUES, "Backing", "C1"])) == {*TISSUES, "Backing", "C1"}


def test_what_a_preset_borrows_is_said_in_its_title() -> None:
    borrowed = {k for k, v in read_preset("nrv").materials.items() if v.source.startswith("not in NRV's materials;")}
    assert borrowed == {"Grey", "White", "DorsalColumns", "Disc", "Muscle", "Bulk", "Encapsulation"}
    assert "from others" in read_preset("nrv").title


def test_an_own_table_that_lacks_tissues_is_named_and_its_advice_works(tmp_path: Path) -> None:
    path = table(tmp_path, OWN.replace('base = "capogrosso2013"\n', ""))
    with pytest.raises(InputError) as problem:
        conductivities(read_preset(path), ["White", "Fat", "CSF"])
    told = str(problem.value)
    assert told.startswith(f"{path}: no value for CSF, White; ")
    assert told.endswith(f'add them in {path}, or set base = "{WHOLE}" there')
    path.write_text(f'base = "{WHOLE}"\n' + path.read_text())
    assert conductivities(read_preset(path), ["White", "Fat", "CSF"])["Fat"].along == 0.1


def test_a_base_that_is_no_preset_is_not_said_to_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="base: no preset 'mine'") as problem:
        read_preset(table(tmp_path, OWN.replace("capogrosso2013", "mine")))
    assert ".toml file" not in str(problem.value)
    with pytest.raises(InputError, match=r"no preset 'mine'.*, or a \.toml file$"):
        read_preset("mine")


@pytest.mark.parametrize("name", preset_names())
def test_every_value_is_cited_and_what_is_borrowed_says_from_where(name: str) -> None:
    for material, value in read_preset(name).materials.items():
        assert material in KNOWN
        assert len(value.source) > 20
        assert value.along >= value.across > 0
        if value.source.startswith("not in"):
            assert ";" in value.source


@pytest.mark.parametrize(
    ("name", "material", "along", "across", "verified"),
    [
        ("capogrosso2013", "White", 0.6, 0.083, True),
        ("capogrosso2013", "DorsalColumns", 0.6, 0.083, True),
        ("capogrosso2013", "Grey", 0.23, 0.23, True),
        ("capogrosso2013", "Fat", 0.04, 0.04, True),
        ("capogrosso2013", "Root", 1 / 1.75, 1 / 6, True),
        ("rado-scs", "White", 0.6, 0.1432, False),
        ("rado-scs", "DuraShell", 0.037, 0.037, False),
        ("simnibs", "CSF", 1.654, 1.654, True),
        ("nrv", "CSF", 1.8, 1.8, True),
        ("simnibs", "Silicone", 1e-12, 1e-12, True),
        ("simnibs", "Metal", 9.43e6, 9.43e6, True),
    ],
)
def test_published_values(name: str, material: str, along: float, across: float, verified: bool) -> None:
    value = read_preset(name).materials[material]
    assert (value.along, value.across) == pytest.approx((along, across), rel=1e-9)
    assert value.verified is verified


def test_an_own_table_overrides_its_base_and_keeps_the_rest(tmp_path: Path) -> None:
    preset, base = read_preset(table(tmp_path, OWN)), read_preset("capogrosso2013")
    assert (preset.name, preset.title) == ("mine", "mine")
    assert (preset.materials["Fat"].along, preset.materials["Fat"].across) == (0.1, 0.05)
    assert {k: v for k, v in preset.materials.items() if k != "Fat"} == {
        k: v for k, v in base.materials.items() if k != "Fat"
    }
    assert list(preset.materials) == list(base.materials)
    assert preset.file == tmp_path / "mine.toml"


def test_an_own_table_may_stand_alone(tmp_path: Path) -> None:
    preset = read_preset(str(table(tmp_path, OWN.replace('base = "capogrosso2013"\n', 'name = "alone"\n'))))
    assert preset.name == "alone"
    assert list(preset.materials) == ["Fat"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("0.05", "0", r"materials\.Fat\.across: got 0, expected a number above 0"),
        ("0.05", "-1.0", "expected a number above 0"),
        ("0.05", "inf", "expected a number above 0"),
        ("0.05", "nan", "expected a number above 0"),
        ("0.05", "true", "expected a number above 0"),
        ("0.05", '"0.05"', "expected a number above 0"),
        ("across", "acros", "'acros' is not known; nearest is across"),
        ("materials.Fat", "materials.Fats", "'Fats' is not known; nearest is Fat"),
        ("base", "bass", "'bass' is not known; nearest is base"),
        ('"S/m"', '"mS/m"', r'unit \'mS/m\'; expected unit = "S/m"'),
        ('unit = "S/m"', "", "unit None"),
        ("capogrosso2013", "capogroso", "base: no preset 'capogroso'; nearest is capogrosso2013"),
        ('source = "a choice"', "", "source missing"),
        ('"a choice"', '" "', "source ' '; expected text"),
        ("verified = false", "verified = 0", "verified: got 0, expected true or false"),
        ("[materials.Fat]", "[materials]\nFat = 3\n[other]", "'other' is not known"),
        ("across = 0.05", "across = 0.05\npermittivity_along = 3.0", "permittivity_along without the other"),
        (
            "across = 0.05",
            "across = 0.05\npermittivity_along = 3.0\npermittivity_across = 3.0",
            "permittivity_along and permittivity_across without a frequency",
        ),
        ("along = 0.1", "cole_cole = [1]", r"'across' is not known; nearest is"),
        ("along = 0.1\nacross = 0.05", "cole_cole = [1]", "got 1 numbers, expected 14"),
        ("along = 0.1\nacross = 0.05", 'cole_cole = ["1"]', "expected a list of numbers, none below 0"),
        ("along = 0.1\nacross = 0.05", "cole_cole = 3", "cole_cole: got 3, expected a list"),
        ("along = 0.1\nacross = 0.05", f"cole_cole = {[0] * 14}", "conductivity: got .*, expected a number above 0"),
        ("[materials.Fat]", "[replace]\nFat = 'Salin'\n[materials.Fat]", "replace.Fat: no values of 'Salin'"),
        ("[materials.Fat]", "[replace]\nFats = 'CSF'\n[materials.Fat]", "'Fats' is not known; nearest is Fat"),
        ("[materials.Fat]", "frequency_hz = 0\n[materials.Fat]", "frequency_hz: got 0, expected a number above 0, Hz"),
        ("[materials.Fat]", "replace = 1\n[materials.Fat]", "replace 1; expected a table"),
        ("[", "[[", r"no preset of that name, and no TOML table of conductivities \(.*at line \d+, column \d+\)"),
    ],
)
def test_a_broken_table_is_refused_in_one_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as problem:
        read_preset(table(tmp_path, OWN.replace(old, new, 1)))
    assert "\n" not in str(problem.value)
    assert "mine.toml" in str(problem.value)


def test_a_table_without_materials_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no materials; expected tables such as \[materials\.Fat\]"):
        read_preset(table(tmp_path, 'unit = "S/m"'))


def test_an_unknown_preset_names_the_nearest_and_all() -> None:
    with pytest.raises(InputError, match="no preset 'rado'; nearest is rado-scs; expected one of capogrosso2013, gab"):
        read_preset("rado")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(InputError) as refused:
        read_preset(path)
    told = f"{path}: cannot be read as TOML (No such file or directory); expected a table of conductivities, or one of "
    assert str(refused.value).startswith(f"{told}capogrosso2013, ")


@pytest.mark.parametrize("folder", ["", "texts"])
def test_a_file_that_is_no_table_is_told_to_be_neither_that_nor_a_preset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(folder) / "README.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text("# A text\n\nThat is no table.\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_preset(str(path))
    assert str(refused.value).startswith(f"{path}: no preset of that name, and no TOML table of conductivities (")
    assert str(refused.value).endswith(f"expected one of {', '.join(preset_names())}, or a .toml file")


def test_a_table_by_another_name_is_told_to_need_its_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path, OWN).rename(tmp_path / "mine")
    with pytest.raises(InputError, match=r"^mine: no preset of that name, and a table .* ends with \.toml; rename it"):
        read_preset("mine")


def test_nearest_always_answers() -> None:
    assert nearest("", ["a", "b"]) in ("a", "b")
    assert nearest("GREY", ["Grey", "White"]) == "Grey"


@pytest.mark.parametrize(
    ("name", "frequency", "sigma", "relative"),
    [
        ("Muscle", 1e4, 0.3408, 25909),
        ("Muscle", 1e5, 0.3619, 8089.2),
        ("Bone", 1e4, 0.0204, 521.64),
        ("Bone", 1e5, 0.0208, 227.64),
    ],
)
def test_gabriel_s_values_are_as_printed_elsewhere(name: str, frequency: float, sigma: float, relative: float) -> None:
    # BioMedical Engineering OnLine 2018, doi:10.1186/s12938-018-0473-9, Table 3 (transverse muscle, bone).
    value = read_preset("gabriel1996", frequency).materials[name]
    assert value.along == value.across == pytest.approx(sigma, abs=6e-5)
    assert value.permittivity_along == value.permittivity_across == pytest.approx(relative, rel=5e-5)
    assert value.frequency_hz == frequency
    assert value.complex_along.imag == pytest.approx(2 * np.pi * frequency * 8.854e-12 * relative, rel=1e-4)


def test_without_a_frequency_every_preset_is_quasi_static() -> None:
    for name in preset_names():
        assert not any(value.is_complex for value in read_preset(name).materials.values())
    still, complex_ = (read_preset("gabriel1996", frequency).materials["Grey"] for frequency in (None, 1000.0))
    assert still.along == complex_.along


def test_a_frequency_is_a_number_above_zero() -> None:
    with pytest.raises(InputError, match=r"frequency: got -1\.0, expected a number above 0, Hz"):
        read_preset("gabriel1996", -1.0)


def test_an_own_table_holds_at_its_own_frequency(tmp_path: Path) -> None:
    text = OWN.replace('base = "capogrosso2013"', 'base = "gabriel1996"\nfrequency_hz = 5000')
    text = text.replace("across = 0.05", "across = 0.05\npermittivity_along = 2000\npermittivity_across = 1000")
    preset = read_preset(table(tmp_path, text))
    fat, grey = preset.materials["Fat"], preset.materials["Grey"]
    assert (fat.permittivity_along, fat.permittivity_across, fat.frequency_hz) == (2000, 1000, 5000)
    assert grey == read_preset("gabriel1996", 5000.0).materials["Grey"]
    assert read_preset(tmp_path / "mine.toml", 5000.0).materials == preset.materials
    with pytest.raises(InputError, match="its values hold at 5000 Hz, got 1000 Hz"):
        read_preset(tmp_path / "mine.toml", 1000.0)


def test_a_material_takes_the_values_of_another(tmp_path: Path) -> None:
    preset = read_preset(table(tmp_path, OWN + '[replace]\nDisc = "Fat"\nMuscle = "Saline"\n'))
    assert preset.materials["Disc"] == preset.materials["Fat"]
    assert preset.materials["Muscle"].along == 2.0
    assert preset.named == {"Fat", "Disc", "Muscle"}


def test_a_table_that_names_a_tissue_which_the_model_lacks_is_refused(tmp_path: Path) -> None:
    preset = read_preset(table(tmp_path, OWN + '[replace]\nDisc = "Saline"\n'))
    require_there(preset, ["Fat", "Disc", "L1_L"])
    with pytest.raises(InputError, match=r"mine\.toml: names Disc, which the model lacks; it has Bulk, Fat, R") as told:
        require_there(preset, ["Fat", "L1_L", "Bulk"])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_names_tissues_that_a_model_need_not_have(name: str) -> None:
    preset = read_preset(name)
    assert preset.materials.keys() > {"Fat"}
    assert preset.named == frozenset()
    require_there(preset, ["Fat"])


def test_materials_that_only_stand_in_for_others_may_be_named(tmp_path: Path) -> None:
    for name in (*SUBSTITUTES, "Metal"):
        preset = read_preset(table(tmp_path, OWN.replace("materials.Fat", f"materials.{name}")))
        assert name in preset.named, "it would be refused as a tissue"
        require_there(preset, ["Fat"])

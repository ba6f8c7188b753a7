from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.fibre_classes import chosen_classes, read_classes
from spinemodel.recruitment.sizes import sizes_of

ROW = {
    "roots": '"dorsal"',
    "mean_um": "12",
    "sd_um": "1",
    "low_um": "10",
    "high_um": "14",
    "model": '"mrg"',
    "source": '"mine"',
}


def _written(folder: Path, name: str = "Ia", **changes: str | None) -> Path:
    path = folder / "mine.toml"
    row = {key: value for key, value in {**ROW, **changes}.items() if value is not None}
    path.write_text(f"[{name}]\n" + "\n".join(f"{key} = {value}" for key, value in row.items()))
    return path


def test_the_classes_that_ship_are_within_the_models_sizes() -> None:
    for one in read_classes().values():
        assert len(sizes_of(one.model, [one.low_um, one.mean_um, one.high_um])) == 3
        assert "choice" in one.source


def test_a_users_class_is_read(tmp_path: Path) -> None:
    (one,) = read_classes(_written(tmp_path, "GroupIa", mean_um="12.5")).values()
    assert (one.name, one.roots, one.mean_um, one.model) == ("GroupIa", "dorsal", 12.5, "mrg")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"meen_um": "12"}, "'meen_um' is not known; nearest is mean_um"),
        ({"roots": '"dorsl"'}, "Ia.roots: 'dorsl' is not known; nearest is dorsal"),
        ({"model": '"MRG2"'}, "Ia.model: 'MRG2' is not known; nearest is mrg"),
        ({"sd_um": None}, "sd_um missing"),
        ({"mean_um": "true"}, "Ia.mean_um: got True, expected a number"),
        ({"mean_um": "nan"}, "Ia.mean_um: got nan, expected a number"),
        ({"high_um": "17"}, "expected 2 to 16 um"),
        ({"mean_um": "9"}, "0 < low <= mean <= high"),
        ({"source": '" "'}, "Ia.source"),
    ],
)
def test_what_breaks_the_form_is_refused_in_one_line(tmp_path: Path, changes: dict[str, str | None], told: str) -> None:
    path = _written(tmp_path, **changes)
    with pytest.raises(InputError) as caught:
        read_classes(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_class_is_named_as_fibres_may_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="letters, digits and _"):
        read_classes(_written(tmp_path, '"A beta"'))


@pytest.mark.parametrize("text", ["", "Ia = 3", "[Ia", "\udcff"])
def test_files_without_classes_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"mine\.toml"):
        read_classes(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_classes(tmp_path / "none.toml")


def test_classes_are_chosen_by_name() -> None:
    known = read_classes()
    assert [one.name for one in chosen_classes(["alpha", "Ia"], known)] == ["alpha", "Ia"]
    with pytest.raises(InputError, match="nearest is alpha"):
        chosen_classes(["alfa"], known)


def test_a_file_that_is_not_there_is_told_without_numbers_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_classes(tmp_path / "no.toml")
    said = str(refused.value)
    assert said == f"{tmp_path / 'no.toml'}: cannot be read as classes of fibres (No such file or directory)"

"""Outputs held against inputs."""

from pathlib import Path

import pytest

from spinemodel.cli.outputs import require_free, require_writable, volume_outputs
from spinemodel.errors import InputError
from tests.shapes import box
from tests.toys import toy_model


def test_all_files_of_a_volume_are_listed() -> None:
    names = [path.name for path in volume_outputs(Path("a_dseg.nii.gz"), slicer=True, figure=True, shares=["L1_L"])]
    assert names == [
        "a_dseg.nii.gz", "a_dseg.json", "a_dseg.tsv", "a_dseg.ctbl", "a_dseg.png",
        "a_label-L1L_probseg.nii.gz", "a_label-L1L_probseg.json",
    ]  # fmt: skip


def test_parts_whose_files_have_one_name() -> None:
    with pytest.raises(InputError, match=r"a_label-L1L_probseg\.nii: is the name of two outputs"):
        require_free(volume_outputs(Path("a.nii"), shares=["L1_L", "L1L"]), [])


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("T2w.nii.gz", "is an input too"),
        ("t2w.NII.gz", "is an input too"),
        ("sub/../T2w.json", "belongs to the input"),
        ("T2w.tsv", "belongs to the input"),
        ("sub/MODEL.json", "is the name of a model's record"),
        ("link/T2w.nii.gz", "is an input too"),
        ("sub-toy/surfaces/Dura.stl", "is a file of the model"),
        ("link/sub-toy/surfaces/Dura.stl", "is a file of the model"),
    ],
)
def test_what_is_refused(output, said, tmp_path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    model = toy_model(tmp_path / "sub-toy", {"Dura": box(name="Dura")}, None)
    with pytest.raises(InputError, match=said) as problem:
        require_free([tmp_path / "free.json", tmp_path / output], [model, tmp_path / "T2w.nii.gz"])
    assert str(problem.value).startswith(str(tmp_path / output))


def test_a_volume_in_a_models_folder_is_free_until_it_is_read(tmp_path) -> None:
    model = toy_model(tmp_path / "sub-toy", {"Dura": box(name="Dura")}, None)
    volume = model / "sub-toy_dseg.nii.gz"
    volume.write_bytes(b"")
    outputs, inputs = [volume, tmp_path / "T2w.stl"], [model, tmp_path / "T2w.nii.gz"]
    assert require_free(outputs, inputs) is None
    with pytest.raises(InputError, match="is an input too"):
        require_free(outputs, [*inputs, volume])


def test_a_place_is_tried_and_nothing_is_left_there(tmp_path, monkeypatch) -> None:
    out = tmp_path / "not" / "there" / "a.h5"
    require_writable([out, tmp_path / "b.h5"])
    assert not list(tmp_path.iterdir())

    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("spinemodel.cli.outputs.TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"a\.h5: .* cannot be written to \(Read-only file system\); choose another"):
        require_writable([out])

"""Transforms as files, and what ITK makes of them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.io.transforms import read_transform, write_transform
from spinemodel.spaces import Transform, apply

SPACES = {"source": "sub-03/scanner", "target": "atlas"}


def rotation(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    """A rotation by Rodrigues' formula."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


@pytest.fixture
def moved() -> Transform:
    """A turn about an oblique axis, unequal scales and a shift: no two signs or axes can be confused."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation((1, 2, -0.5), 25.0) @ np.diag([1.1, 0.9, 1.3])
    matrix[:3, 3] = (12.5, -7.25, 31.0)
    return Transform(matrix, **SPACES)


POINTS = np.array([[0.0, 0, 0], [10, -20, 30], [-481.6, 3.25, 88.125]])


@pytest.mark.parametrize("suffix", [".json", ".tfm", ".txt"])
def test_comes_back(suffix, moved, tmp_path) -> None:
    path = tmp_path / f"T{suffix}"
    write_transform(path, moved)
    back = read_transform(path, **SPACES)
    np.testing.assert_allclose(back.matrix, moved.matrix, atol=1e-12)
    assert (back.source, back.target) == (moved.source, moved.target)
    before = path.read_bytes()
    write_transform(path, moved)
    assert path.read_bytes() == before


def test_json_is_exact_and_says_what_it_is(moved, tmp_path) -> None:
    write_transform(tmp_path / "T.json", moved, about={"alignment": {"kind": "rigid", "rms_mm": 0.01}})
    said = json.loads((tmp_path / "T.json").read_text())
    assert (said["frame"], said["unit"]) == ("RAS", "mm")
    assert said["matrix"] == moved.matrix.tolist()
    assert said["alignment"]["kind"] == "rigid"
    assert np.array_equal(read_transform(tmp_path / "T.json").matrix, moved.matrix)
    with pytest.raises(InputError, match="maps sub-03/scanner to atlas, expected other, not sub-03/scanner"):
        read_transform(tmp_path / "T.json", source="other")


def test_itk_text_leads_from_fixed_to_moving_in_lps(moved, tmp_path) -> None:
    """The numbers of the file, applied by hand as ITK's documentation has it."""
    write_transform(tmp_path / "T.tfm", moved)
    lines = dict(line.split(": ") for line in (tmp_path / "T.tfm").read_text().splitlines() if ": " in line)
    numbers = np.array(lines["Parameters"].split(), float)
    fixed_lps = apply(moved, POINTS, space="sub-03/scanner") * (-1, -1, 1)
    moving_lps = fixed_lps @ numbers[:9].reshape(3, 3).T + numbers[9:]
    np.testing.assert_allclose(moving_lps * (-1, -1, 1), POINTS, atol=1e-9)


def test_simpleitk_moves_points_the_same_way(moved, tmp_path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    write_transform(tmp_path / "T.tfm", moved)
    itk = sitk.ReadTransform(str(tmp_path / "T.tfm"))
    fixed = apply(moved, POINTS, space="sub-03/scanner")
    for before, after in zip(POINTS, fixed, strict=True):
        found = np.array(itk.TransformPoint((after * (-1, -1, 1)).tolist())) * (-1, -1, 1)
        np.testing.assert_allclose(found, before, atol=1e-9)


def test_simpleitk_resamples_the_moving_image_to_where_points_go(moved, tmp_path) -> None:
    """A bright voxel at a place in the moving image appears where the transform sends that place."""
    sitk = pytest.importorskip("SimpleITK")
    write_transform(tmp_path / "T.tfm", moved)
    moving = sitk.Image(40, 40, 40, sitk.sitkFloat32)
    moving.SetOrigin((-20.0, -20.0, -20.0))
    moving[25, 14, 22] = 1.0
    place_ras = np.array(moving.TransformIndexToPhysicalPoint((25, 14, 22))) * (-1, -1, 1)
    fixed = sitk.Image(100, 100, 100, sitk.sitkFloat32)
    fixed.SetOrigin((-50.0, -50.0, -20.0))
    out = sitk.Resample(moving, fixed, sitk.ReadTransform(str(tmp_path / "T.tfm")), sitk.sitkLinear, 0.0)
    values = sitk.GetArrayFromImage(out).T
    centre = np.array(np.unravel_index(values.argmax(), values.shape), float) + fixed.GetOrigin()
    expected = apply(moved, place_ras[None], space="sub-03/scanner")[0]
    np.testing.assert_allclose(centre * (-1, -1, 1), expected, atol=1.0)


def test_what_simpleitk_wrote_is_read_with_its_centre(tmp_path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    itk = sitk.AffineTransform(3)
    itk.SetMatrix(rotation((0, 1, 3), 40).ravel().tolist())
    itk.SetTranslation((3.0, -4.0, 5.0))
    itk.SetCenter((10.0, 20.0, -30.0))
    sitk.WriteTransform(itk, str(tmp_path / "itk.tfm"))
    back = read_transform(tmp_path / "itk.tfm", **SPACES)
    fixed = apply(back, POINTS, space="sub-03/scanner") * (-1, -1, 1)
    found = np.array([itk.TransformPoint(point) for point in fixed.tolist()]) * (-1, -1, 1)
    np.testing.assert_allclose(found, POINTS, atol=1e-9)


def test_centre_of_an_itk_file_counts(tmp_path) -> None:
    """A half turn about z through (10, 20): LPS (10, 20) stays, and (0, 0) goes to (20, 40)."""
    (tmp_path / "c.tfm").write_text(
        "#Insight Transform File V1.0\n# Transform 0\nTransform: MatrixOffsetTransformBase_double_3_3\n"
        "Parameters: -1 0 0 0 -1 0 0 0 1 0 0 0\nFixedParameters: 10 20 0\n"
    )
    back = read_transform(tmp_path / "c.tfm", **SPACES)
    found = apply(back, np.array([[-10.0, -20, 5], [0, 0, 0]]), space="sub-03/scanner")
    np.testing.assert_allclose(found, [[-10, -20, 5], [-20, -40, 0]], atol=1e-12)


HEAD = "#Insight Transform File V1.0\n#Transform 0\n"
AFFINE = "Transform: AffineTransform_double_3_3\n"
TWELVE = "Parameters: 1 0 0 0 1 0 0 0 1 0 0 0\n"
CENTRE = "FixedParameters: 0 0 0\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not start with '#Insight"),
        (HEAD, "holds no transform; expected one AffineTransform_double_3_3"),
        (HEAD + AFFINE, "numbers missing; expected 12 Parameters"),
        (HEAD + AFFINE + TWELVE, "expected 12 Parameters and 3 FixedParameters"),
        (HEAD + AFFINE + "Parameters: 1 2 3\n" + CENTRE, "expected 12 Parameters"),
        (HEAD + AFFINE + TWELVE.replace("1 0 0 0 1", "x 0 0 0 1") + CENTRE, "Parameters cannot be read"),
        (HEAD + AFFINE + TWELVE.replace("1 0 0 0 1", "nan 0 0 0 1") + CENTRE, "Parameters cannot be read"),
        (HEAD + AFFINE + TWELVE.replace("1", "0") + CENTRE, "the matrix has no inverse"),
        (HEAD + "Transform: BSplineTransform_double_3_3\n" + TWELVE, "holds BSplineTransform_double_3_3"),
        (2 * (HEAD + AFFINE + TWELVE + CENTRE), "holds AffineTransform_double_3_3, AffineTransform_double_3_3"),
    ],
)
def test_spoilt_itk_files_are_refused(text, said, tmp_path) -> None:
    (tmp_path / "T.tfm").write_text(text)
    with pytest.raises(InputError, match=re.escape(said)) as problem:
        read_transform(tmp_path / "T.tfm", **SPACES)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matrix": None}, "field 'matrix' is missing"),
        ({"matrix": [[1, 2], [3, 4]]}, "expected a (4, 4) matrix"),
        ({"matrix": "x"}, "not a transform"),
        ({"frame": "LPS"}, "'frame': 'LPS'"),
        ({"unit": "m"}, "'unit': 'm'"),
        ({"format": 9}, "'format': 9"),
        ({"source": None}, "field 'source' is missing"),
    ],
)
def test_spoilt_json_is_refused(change, said, moved, tmp_path) -> None:
    path = tmp_path / "T.json"
    write_transform(path, moved)
    record = json.loads(path.read_text()) | change
    path.write_text(json.dumps({key: value for key, value in record.items() if value is not None}))
    with pytest.raises(InputError, match=re.escape(said)):
        read_transform(path)
    path.write_text("[1, 2")
    with pytest.raises(InputError, match="not a transform"):
        read_transform(path)


def test_names_and_places(moved, tmp_path) -> None:
    with pytest.raises(InputError, match=r"unknown transform format \.mat"):
        write_transform(tmp_path / "T.mat", moved)
    with pytest.raises(InputError, match="no such file"):
        read_transform(tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot be written to"):
        write_transform(Path("/dev/null/T.json"), moved)
    write_transform(tmp_path / "T.tfm", moved)
    with pytest.raises(InputError, match="names no spaces"):
        read_transform(tmp_path / "T.tfm")
    flat = Transform(np.diag([1.0, 1, 0, 1]), "a", "b")
    with pytest.raises(InputError, match="a -> b has no inverse"):
        write_transform(tmp_path / "flat.tfm", flat)

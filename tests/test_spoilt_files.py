"""Spoilt marker files: an error of one line, or a model that tells the truth.

The annotation's own spoilings (points and files moved, dropped, mixed) are in ``anatomy/test_corruption.py``; these are
those that only files can have.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinemodel import Anatomy, Phantom, annotate, audit, build, read_subject, write_subject
from spinemodel.anatomy.phantom import cord_level, dura_level
from spinemodel.errors import SpineModelError

PHANTOM = Phantom()
WRONG = ["x", None, True, [], {}, "", "NaN", [1], [1, 2], [1, 2, 3, 4], ["1", "2", "3"], [None, 0, 0], 1e999, -1, 1e308]
POINT_KEYS = ["position", "positionStatus"]
KEYS = [*POINT_KEYS, "coordinateSystem", "coordinateUnits", "controlPoints", "markups", "type", "@schema"]


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clean") / PHANTOM.subject
    write_subject(annotate(PHANTOM), folder)
    return folder


def refused_in_one_line(folder: Path) -> Anatomy | None:
    try:
        return build(read_subject(folder))
    except SpineModelError as problem:
        if not str(problem).strip() or "\n" in str(problem):
            raise AssertionError(f"not one line: {problem!r}") from problem
        return None


def assert_honest_or_refused(folder: Path) -> None:
    """Either one clear line, or a model that `check` passes and that lies within 1 mm of the truth."""
    anatomy = refused_in_one_line(folder)
    if anatomy is None or audit(anatomy.surfaces).failures:
        return
    for name, level, size in (("Cord", cord_level, 5.0), ("Dura", dura_level, 10.0)):
        vertices = anatomy.surfaces[name].vertices
        inner = vertices[(vertices[:, 2] > PHANTOM.tip_z + 6) & (vertices[:, 2] < PHANTOM.top_z - 3)]
        outermost = level(PHANTOM, inner).max()
        assert (outermost - 1) * size < 1.0


def spoil(node: object, key: str, value: object, at: int) -> bool:
    """Set the ``at``-th occurrence of ``key`` below ``node``."""
    places = list(occurrences(node, key))
    if not places:
        return False
    places[at % len(places)][key] = value
    return True


def occurrences(node: object, key: str):
    if isinstance(node, dict):
        if key in node:
            yield node
        for child in node.values():
            yield from occurrences(child, key)
    elif isinstance(node, list):
        for child in node:
            yield from occurrences(child, key)


def pick(folder: Path, number: int) -> Path:
    files = sorted(folder.iterdir())
    return files[number % len(files)]


many = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(number=st.integers(0, 500), key=st.sampled_from(KEYS), value=st.sampled_from(WRONG), at=st.integers(0, 40))
def test_wrong_types_and_values(clean, number, key, value, at) -> None:
    path = pick(clean, number)
    before = path.read_bytes()
    document = json.loads(before)
    spoil(document, key, value, at)
    path.write_text(json.dumps(document))
    try:
        assert_honest_or_refused(clean)
    finally:
        path.write_bytes(before)


@many
@given(number=st.integers(0, 500), share=st.floats(0, 0.999), junk=st.binary(max_size=8))
def test_truncated_and_damaged_bytes(clean, number, share, junk) -> None:
    path = pick(clean, number)
    before = path.read_bytes()
    path.write_bytes(before[: int(share * len(before))] + junk)
    try:
        with pytest.raises(SpineModelError, match=path.name):
            read_subject(clean)
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("frame", ["LPS", "RAS"])
@pytest.mark.parametrize("unit", ["mm", "um"])
def test_frames_and_units_make_no_difference(tmp_path, frame, unit) -> None:
    write_subject(annotate(PHANTOM), tmp_path / PHANTOM.subject, frame=frame, unit=unit)
    anatomy = build(read_subject(tmp_path / PHANTOM.subject))
    reference = build(annotate(PHANTOM))
    for name, surface in reference.surfaces.items():
        np.testing.assert_allclose(anatomy.surfaces[name].vertices, surface.vertices, atol=1e-6)


@pytest.mark.parametrize("label", ["RAS", "LPS"])
def test_every_file_in_the_wrong_frame_is_refused(tmp_path, label) -> None:
    folder = tmp_path / PHANTOM.subject
    write_subject(annotate(PHANTOM), folder, frame="RAS" if label == "LPS" else "LPS")
    for path in folder.iterdir():
        path.write_text(path.read_text().replace('"RAS"' if label == "LPS" else '"LPS"', f'"{label}"'))
    with pytest.raises(SpineModelError, match="frame"):
        build(read_subject(folder))

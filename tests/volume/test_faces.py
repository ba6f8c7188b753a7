"""What is remembered of a surface: its faces, and whether their edges match by the numbers of vertices."""

from __future__ import annotations

import gc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.anatomy.surface import Surface
from spinemodel.volume import _faces
from spinemodel.volume._faces import faces_of, mixed
from spinemodel.volume.grid import around
from spinemodel.volume.rasterise import rasterise
from tests.shapes import sphere

number = st.integers(0, 5)
face = st.tuples(number, number, number)


@given(half=st.lists(face), others=st.lists(face))
def test_edges_match_where_each_is_as_often_there_as_its_opposite(
    half: list[tuple[int, int, int]], others: list[tuple[int, int, int]]
) -> None:
    # Random faces, most of them with their opposites: degenerate, doubled and closed ones among them.
    faces = half + [(a, c, b) for a, b, c in half] + others
    edges = Counter((face[k], face[(k + 1) % 3]) for face in faces for k in range(3))
    exact = all(edges[a, b] == edges[b, a] for a, b in edges)
    shape = Surface("shape", "test", np.zeros((6, 3)), np.array(faces, dtype=int).reshape(-1, 3))
    assert faces_of(shape).matched == exact
    assert faces_of(shape).vertices.tolist() == shape.faces.reshape(-1).tolist()


def test_a_large_surface_is_read_in_parts_and_any_missing_face_is_missed() -> None:
    shape = sphere(5.0, rows=150)
    assert len(shape.faces) > _faces.shares(len(shape.faces))[0].stop
    assert faces_of(shape).matched
    for n in (0, len(shape.faces) // 2, len(shape.faces) - 1):
        holed = Surface("holed", "test", shape.vertices, np.delete(shape.faces, n, axis=0))
        assert not faces_of(holed).matched
        assert np.array_equal(faces_of(holed).vertices, holed.faces.reshape(-1))


def test_numbers_of_a_large_mesh_are_mixed_to_different_ones() -> None:
    assert len({mixed(n) for n in range(100_000)}) == 100_000


def test_a_surface_is_read_once_and_forgotten_with_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    read, seen = _faces._read, []
    monkeypatch.setattr(_faces, "_read", lambda faces: seen.append(len(faces)) or read(faces))
    gc.collect()
    before, shape = len(_faces._SEEN), sphere(3.0)
    for spacing_mm in (1.0, 0.7, 1.0):
        rasterise(shape, around([shape], spacing_mm))
    assert seen == [len(shape.faces)]
    assert len(_faces._SEEN) == before + 1
    rasterise(Surface("copy", "test", shape.vertices, shape.faces), around([shape], 1.0))
    assert len(seen) == 2
    del shape
    gc.collect()
    assert len(_faces._SEEN) == before

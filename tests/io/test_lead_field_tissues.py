"""Numbers of tissues in a file of a lead field that have no name: refused on reading, or when they are first used."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field import named_tissues
from spinemodel.field.named_tissues import require_named
from spinemodel.field.sampling import gradient, potential, tissue_at
from spinemodel.io.lead_field import read_lead_field, require_intact, write_lead_field
from tests.io.made_fields import patched, point_field

SOURCES = {"C1": (0.0, 0.0, 0.0)}
IN_PATCH, IN_BOX, BEYOND = np.array([[1.0, 2.2, 1.7]]), np.array([[-2.0, -2.0, 2.0]]), np.array([[0.0, 0.0, 5.0]])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "leadfield.h5"
    write_lead_field(patched(point_field(SOURCES), SOURCES, (-3, 1, 0), (3, 3.4, 3.4)), file)
    return file


def spoil(path: Path, name: str, number: int = 9) -> None:
    with h5py.File(path, "r+") as file:
        file[name][1, 2, :3] = number


@pytest.mark.parametrize("name", ["boxes/0", "boxes/1", "patches/0"])
def test_read_into_memory_it_is_refused_at_once(path: Path, name: str) -> None:
    spoil(path, f"{name}/tissue")
    said = (f"{path}: /{name}: tissue: got the number 9 at 3 places, expected 0 or one of the 1 numbers that have a "
            "name; solve again with `spinemodel solve`")  # fmt: skip
    with pytest.raises(InputError, match=f"^{re.escape(said)}$"):
        read_lead_field(path, mapped=False)


@pytest.mark.parametrize(("name", "point"), [("boxes/0", IN_BOX), ("boxes/1", BEYOND), ("patches/0", IN_PATCH)])
@pytest.mark.parametrize("use", [potential, gradient, tissue_at])
def test_mapped_it_is_refused_when_it_is_used(path: Path, name: str, point: np.ndarray, use) -> None:
    spoil(path, f"{name}/tissue")
    field = read_lead_field(path)
    for where in (IN_BOX, BEYOND, IN_PATCH):
        if where is point:
            with pytest.raises(InputError, match=r"leadfield\.h5: cells of .* mm on: tissue: got the number 9 at 3 "):
                use(field, where)
        else:
            use(field, where)


def test_verify_finds_it_though_hashes_are_right(path: Path) -> None:
    field = read_lead_field(path, mapped=False)
    field.patches[0].tissue.setflags(write=True)
    field.patches[0].tissue[0, 0, 0] = 200
    write_lead_field(field, path)
    with pytest.raises(InputError, match=r"leadfield\.h5: cells of .*: tissue: got the number 200 at 1 places"):
        require_intact(path)


def test_each_array_is_looked_through_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    monkeypatch.setattr(named_tissues, "require_named", lambda where, tissue, tissues: seen.append(tissue.shape))
    field = read_lead_field(path)
    assert not seen, "reading leaves all on the disk"
    for _ in range(3):
        potential(field, np.vstack([IN_BOX, BEYOND]))
    assert seen == [field.tissue[0].shape, field.tissue[1].shape]


def test_numbers_between_those_with_a_name_are_found() -> None:
    tissue = np.zeros((3, 4, 5), dtype=np.uint8)
    tissue[1], tissue[2, 3] = 255, 7
    require_named("a.h5", tissue, {7: "Fat", 255: "CSF"})
    with pytest.raises(InputError, match=r"^a\.h5: tissue: got the number 7 at 5 places, .* the 2 numbers"):
        require_named("a.h5", tissue, {6: "Fat", 255: "CSF"})
    require_named("a.h5", tissue[:0], {})

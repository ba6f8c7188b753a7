"""A partition written and read back."""

import numpy as np
import pytest
import pyvista as pv

from spinemodel.anatomy.compartments import Solid, partition, volumes
from spinemodel.anatomy.surface import volume
from spinemodel.errors import InputError
from spinemodel.io.partition import read_partition, write_partition
from tests.shapes import box


@pytest.fixture
def parted():
    solids = [Solid(box((0.5, 0.0, 0.0)), "White"), Solid(box((1.1, 0.1, 0.05)), "CSF")]
    return partition(solids, box((-1.5, -1.5, -1.5), 5.0))


def test_partition_comes_back_to_the_bit(parted, tmp_path) -> None:
    write_partition(tmp_path / "p.vtp", parted)
    back = read_partition(tmp_path / "p.vtp")
    assert (back.labels, back.space) == (parted.labels, parted.space)
    for name in ("vertices", "faces", "sides"):
        assert np.array_equal(getattr(back, name), getattr(parted, name))
    assert pv.read(tmp_path / "p.vtp").field_data["SPACE"].tolist() == ["RAS"]
    assert sum(volumes(back).values()) == pytest.approx(125.0, rel=1e-12)


@pytest.mark.parametrize("content", ["", "<VTKFile", "solid"])
def test_what_is_no_partition_is_refused_by_name(content, tmp_path) -> None:
    (tmp_path / "p.vtp").write_text(content)
    with pytest.raises(InputError, match=r"p\.vtp.*partition"):
        read_partition(tmp_path / "p.vtp")


def test_missing_partition_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(InputError, match=r"p\.vtp"):
        read_partition(tmp_path / "p.vtp")


def test_another_mesh_is_refused(tmp_path) -> None:
    from spinemodel.io.surfaces import write_surface

    write_surface(tmp_path / "p.vtp", box())
    assert volume(box()) > 0
    with pytest.raises(InputError, match="labels"):
        read_partition(tmp_path / "p.vtp")

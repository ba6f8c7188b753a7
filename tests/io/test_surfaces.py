import json
import os
import random
import struct
from pathlib import Path

import nibabel
import numpy as np
import pytest
import pyvista
import trimesh
from vtkmodules.vtkIOGeometry import vtkOBJReader, vtkSTLReader
from vtkmodules.vtkIOPLY import vtkPLYReader

from spinemodel.anatomy.surface import Surface, face_vectors, merge, volume
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.io.mesh_writers import STL_RECORD, WRITERS
from spinemodel.io.slicer import Frame
from spinemodel.io.surfaces import file_frame, file_unit, read_surface, weld, write_surface
from tests.shapes import box, sphere

LOW = (100.0, -52.5, -481.25)
SUFFIXES = sorted(WRITERS)
FRAMES: tuple[Frame, ...] = ("LPS", "RAS")
ORANGE = (1.0, 0.5, 0.0)

DATA = Path(os.environ.get("SPINEMODEL_DATA", Path(__file__).parents[3] / "shared" / "data"))


def lopsided() -> Surface:
    """A box far from the origin with one corner pulled out, so that no two axes or signs can be confused."""
    vertices = box(LOW, 2.0, "Cord").vertices.copy()
    vertices[-1] += (3.0, 2.0, 1.0)
    return Surface("Cord", "sub-03/scanner", vertices, box().faces)


def signed_volume(vertices: FloatArray, faces: IntArray) -> float:
    corners = np.asarray(vertices, dtype=float)[np.asarray(faces)] - np.mean(vertices, axis=0)
    return float(np.linalg.det(corners).sum() / 6)


def by_position(vertices: FloatArray) -> FloatArray:
    vertices = np.round(vertices, 3) + 0.0
    return np.asarray(vertices[np.lexsort(vertices.T)])


def with_trimesh(path: Path) -> tuple[FloatArray, IntArray]:
    mesh = trimesh.load_mesh(path, process=True)
    return np.array(mesh.vertices), np.array(mesh.faces)


def with_pyvista(path: Path) -> tuple[FloatArray, IntArray]:
    mesh = pyvista.read(path)
    mesh = mesh.combine().extract_surface(algorithm="dataset_surface") if path.suffix == ".glb" else mesh
    mesh = mesh.clean()
    return np.array(mesh.points, dtype=float), np.array(mesh.regular_faces)


def with_nibabel(path: Path) -> tuple[FloatArray, IntArray]:
    points, triangles = nibabel.load(path).agg_data(("pointset", "triangle"))  # type: ignore[attr-defined]
    return points.astype(float), triangles


INDEPENDENT = [
    *(pytest.param(suffix, with_trimesh, id=f"{suffix}-trimesh") for suffix in (".stl", ".ply", ".obj", ".glb")),
    *(pytest.param(suffix, with_pyvista, id=f"{suffix}-vtk") for suffix in (".stl", ".ply", ".obj", ".glb", ".vtp")),
    pytest.param(".gii", with_nibabel, id=".gii-nibabel"),
]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("suffix", SUFFIXES)
class TestRoundTrip:
    def test_comes_back_as_it_was(self, tmp_path: Path, suffix: str, frame: Frame) -> None:
        path = tmp_path / f"Cord{suffix}"
        write_surface(path, lopsided(), frame=frame)
        back = read_surface(path, "sub-03/scanner")
        np.testing.assert_allclose(by_position(back.vertices), by_position(lopsided().vertices), rtol=1e-5)
        assert volume(back) == pytest.approx(volume(lopsided()), rel=1e-4)
        assert (back.name, back.space) == ("Cord", "sub-03/scanner")

    def test_same_surface_gives_same_bytes(self, tmp_path: Path, suffix: str, frame: Frame) -> None:
        first, second = tmp_path / f"a{suffix}", tmp_path / "elsewhere" / f"b{suffix}"
        write_surface(first, lopsided(), frame=frame, colour=ORANGE)
        write_surface(second, lopsided(), frame=frame, colour=ORANGE)
        assert first.read_bytes() == second.read_bytes()
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [f"a{suffix}"]

    def test_components_and_winding_survive(self, tmp_path: Path, suffix: str, frame: Frame) -> None:
        two = merge("Nerveroots", [sphere(1.0, (5, 0, 0), rows=8), sphere(2.0, (-5, 1, 2), rows=8)])
        path = tmp_path / f"two{suffix}"
        write_surface(path, two, frame=frame)
        back = read_surface(path, "test")
        assert (len(back.vertices), len(back.faces)) == (len(two.vertices), len(two.faces))
        np.testing.assert_allclose(face_vectors(back), face_vectors(two), atol=1e-5)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(("suffix", "read"), INDEPENDENT)
def test_other_readers_see_the_frame_and_positive_volume(tmp_path: Path, suffix: str, read, frame: Frame) -> None:
    surface = lopsided()
    path = tmp_path / f"m{suffix}"
    write_surface(path, surface, frame=frame, colour=ORANGE)
    vertices, faces = read(path)
    x, y, z = (surface.vertices * (-1, -1, 1) if file_frame(suffix, frame) == "LPS" else surface.vertices).T
    expected = np.stack([x, z, -y], axis=1) / 1000 if suffix == ".glb" else np.stack([x, y, z], axis=1)
    scale = 1000 if suffix == ".glb" else 1
    np.testing.assert_allclose(by_position(vertices * scale), by_position(expected * scale), rtol=1e-5)
    assert signed_volume(vertices, faces) * scale**3 == pytest.approx(volume(surface), rel=1e-4)


@pytest.mark.parametrize("frame", FRAMES)
class TestStatementAsSlicerReadsIt:
    """Slicer asks these VTK readers, and looks for ``SPACE=LPS`` or ``SPACE=RAS`` in what they return."""

    def test_stl_header(self, tmp_path: Path, frame: Frame) -> None:
        write_surface(tmp_path / "m.stl", lopsided(), frame=frame)
        reader = vtkSTLReader()
        reader.SetFileName(str(tmp_path / "m.stl"))
        reader.Update()
        assert f"SPACE={frame}" in reader.GetHeader()

    def test_ply_comment(self, tmp_path: Path, frame: Frame) -> None:
        write_surface(tmp_path / "m.ply", lopsided(), frame=frame)
        reader = vtkPLYReader()
        reader.SetFileName(str(tmp_path / "m.ply"))
        reader.Update()
        comments = reader.GetComments()
        assert any(f"SPACE={frame}" in comments.GetValue(i) for i in range(comments.GetNumberOfValues()))

    def test_obj_comment(self, tmp_path: Path, frame: Frame) -> None:
        write_surface(tmp_path / "m.obj", lopsided(), frame=frame)
        reader = vtkOBJReader()
        reader.SetFileName(str(tmp_path / "m.obj"))
        reader.Update()
        assert f"SPACE={frame}" in reader.GetComment()

    def test_vtp_field_data(self, tmp_path: Path, frame: Frame) -> None:
        write_surface(tmp_path / "m.vtp", lopsided(), frame=frame)
        assert pyvista.read(tmp_path / "m.vtp").field_data["SPACE"].tolist() == [frame]


def test_gifti_is_ras_whatever_is_asked_for(tmp_path: Path) -> None:
    write_surface(tmp_path / "m.gii", lopsided(), frame="LPS")
    image = nibabel.load(tmp_path / "m.gii")
    coordinates = image.get_arrays_from_intent("NIFTI_INTENT_POINTSET")[0]  # type: ignore[attr-defined]
    assert coordinates.coordsys.dataspace == nibabel.nifti1.xform_codes["NIFTI_XFORM_SCANNER_ANAT"]
    np.testing.assert_allclose(coordinates.data, lopsided().vertices, rtol=1e-6)
    assert file_frame("gii", "LPS") == file_frame(".gii", "RAS") == "RAS"


def test_blender_shows_a_glb_along_the_axes_of_its_frame(tmp_path: Path) -> None:
    write_surface(tmp_path / "m.glb", lopsided(), frame="LPS")
    x, y, z = with_trimesh(tmp_path / "m.glb")[0].T
    blender = np.stack([x, -z, y], axis=1)
    np.testing.assert_allclose(
        by_position(1000 * blender), by_position(lopsided().vertices * (-1, -1, 1)), rtol=1e-5
    )


def test_glb_is_as_its_specification_asks(tmp_path: Path) -> None:
    write_surface(tmp_path / "m.glb", lopsided(), colour=ORANGE)
    content = (tmp_path / "m.glb").read_bytes()
    magic, version, length, json_length, kind = struct.unpack("<4sIII4s", content[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(content), b"JSON")
    assert json_length % 4 == 0
    document = json.loads(content[20 : 20 + json_length])
    assert document["asset"]["extras"] == {
        "SPACE": "LPS",
        "unit": "m",
        "axes": "glTF (x, y, z) m is LPS (1000 x, -1000 z, 1000 y) mm",
    }
    positions = np.frombuffer(content, "<f4", 24, offset=28 + json_length).reshape(-1, 3)
    assert document["accessors"][0]["min"] == positions.min(axis=0).tolist()
    assert document["accessors"][0]["max"] == positions.max(axis=0).tolist()
    factor = document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"]
    assert factor == pytest.approx([1.0, 0.214041, 0.0, 1.0])
    assert file_unit("glb") == "m"


def test_colour_reaches_ply(tmp_path: Path) -> None:
    write_surface(tmp_path / "m.ply", lopsided(), colour=ORANGE)
    colours = trimesh.load_mesh(tmp_path / "m.ply", process=False).visual.vertex_colors
    assert {tuple(row) for row in np.asarray(colours)[:, :3].tolist()} == {(255, 128, 0)}


def test_stl_normals_are_unit_and_point_outwards(tmp_path: Path) -> None:
    ball = sphere(3.0, rows=12)
    write_surface(tmp_path / "m.stl", ball, frame="RAS")
    records = np.frombuffer((tmp_path / "m.stl").read_bytes(), STL_RECORD, offset=84)
    assert np.linalg.norm(records["normal"], axis=1) == pytest.approx(1.0)
    assert (np.einsum("ij,ij->i", records["normal"], records["corners"].mean(axis=1)) > 0).all()


def test_stl_of_a_triangle_without_area_holds_no_nan(tmp_path: Path) -> None:
    flat = Surface("flat", "test", np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]), np.array([[0, 1, 2]]))
    write_surface(tmp_path / "m.stl", flat)
    assert not np.frombuffer((tmp_path / "m.stl").read_bytes(), STL_RECORD, offset=84)["normal"].any()


def test_a_long_or_foreign_name_leaves_the_frame_in_the_header(tmp_path: Path) -> None:
    named = Surface("Rückenmark " * 20, "test", box().vertices, box().faces)
    write_surface(tmp_path / "m.stl", named, frame="RAS")
    content = (tmp_path / "m.stl").read_bytes()
    assert content.startswith(b"SPACE=RAS")
    assert len(content) == 84 + 50 * 12


class TestFilesOfOthers:
    def test_no_statement_is_lps_and_said(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        path = tmp_path / "m.stl"
        trimesh.Trimesh(lopsided().vertices * (-1, -1, 1), box().faces, process=False).export(path)
        with caplog.at_level("INFO", "spinemodel"):
            back = read_surface(path, "test")
        np.testing.assert_allclose(by_position(back.vertices), by_position(lopsided().vertices), rtol=1e-5)
        assert caplog.messages == [f"{path}: states no frame; taken as LPS, as 3D Slicer does"]

    @pytest.mark.parametrize("frame", FRAMES)
    def test_ascii_stl(self, tmp_path: Path, frame: Frame) -> None:
        text = trimesh.Trimesh(box().vertices, box().faces).export(file_type="stl_ascii")
        path = tmp_path / "m.STL"
        path.write_text(f"solid 3D Slicer output. SPACE={frame}\n" + text.split("\n", 1)[1])
        back = read_surface(path, "test")
        assert (len(back.vertices), len(back.faces)) == (8, 12)
        assert volume(back) == pytest.approx(1)
        assert back.vertices.max() == (1 if frame == "RAS" else pytest.approx(1))
        assert back.vertices[:, 0].min() == (0 if frame == "RAS" else -1)

    def test_binary_stl_that_begins_with_solid(self, tmp_path: Path) -> None:
        write_surface(tmp_path / "m.stl", box(), frame="RAS")
        content = (tmp_path / "m.stl").read_bytes()
        (tmp_path / "m.stl").write_bytes(b"solid SPACE=RAS".ljust(80) + content[80:])
        assert volume(read_surface(tmp_path / "m.stl", "test")) == pytest.approx(1)

    @pytest.mark.parametrize("encoding", ["ascii", "binary"])
    def test_ply_of_trimesh(self, tmp_path: Path, encoding: str) -> None:
        trimesh.Trimesh(box().vertices, box().faces).export(tmp_path / "m.ply", encoding=encoding)
        assert volume(read_surface(tmp_path / "m.ply", "test")) == pytest.approx(1)

    def test_obj_with_quads_texture_and_negative_indices(self, tmp_path: Path) -> None:
        vertices = "\n".join(f"v {x} {y} {z} 1.0" for x, y, z in box().vertices)
        quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
        faces = ["f " + " ".join(f"{i + 1}/7/9" for i in quad) for quad in quads[:3]]
        faces += ["f " + " ".join(f"{i - 8}" for i in quad) for quad in quads[3:]]
        (tmp_path / "m.obj").write_text(f"# SPACE=RAS\nmtllib m.mtl\n{vertices}\n" + "\n".join(faces))
        back = read_surface(tmp_path / "m.obj", "test")
        assert len(back.faces) == 12
        assert volume(back) == pytest.approx(1)

    def test_obj_polygon_of_seven(self, tmp_path: Path) -> None:
        angle = 2 * np.pi * np.arange(7) / 7
        lines = [f"v {np.cos(a)} {np.sin(a)} {z}" for z in (0, 2) for a in angle]
        faces = ["f " + " ".join(map(str, range(7, 0, -1))), "f " + " ".join(map(str, range(8, 15)))]
        faces += [f"f {i + 1} {(i + 1) % 7 + 1} {(i + 1) % 7 + 8} {i + 8}" for i in range(7)]
        (tmp_path / "m.obj").write_text("\n".join(lines + faces))
        assert volume(read_surface(tmp_path / "m.obj", "test")) == pytest.approx(7 * np.sin(2 * np.pi / 7))

    def test_glb_with_placed_parts_in_metres(self, tmp_path: Path) -> None:
        part = trimesh.Trimesh(box().vertices / 1000, box().faces)
        scene = trimesh.Scene()
        scene.add_geometry(part, transform=trimesh.transformations.translation_matrix([0.01, 0.02, 0.03]))
        scene.add_geometry(part, transform=trimesh.transformations.translation_matrix([0.02, 0.02, 0.03]))
        scene.export(tmp_path / "m.glb")
        back = read_surface(tmp_path / "m.glb", "test")
        assert volume(back) == pytest.approx(2, rel=1e-4)
        bounds = [back.vertices.min(axis=0), back.vertices.max(axis=0)]
        np.testing.assert_allclose(bounds, [[-21, 30, 20], [-10, 31, 21]], rtol=1e-5)

    @pytest.mark.parametrize("binary", [True, False])
    def test_vtp_of_vtk_with_quads(self, tmp_path: Path, binary: bool) -> None:
        mesh = pyvista.Cube().clean()
        mesh.field_data["SPACE"] = ["RAS"]
        mesh.save(tmp_path / "m.vtp", binary=binary)
        assert volume(read_surface(tmp_path / "m.vtp", "test")) == pytest.approx(1)

    def test_published_vertebra(self) -> None:
        path = DATA / "lumbar_meshes_vhp" / "L3_body.obj"
        if not path.exists():
            pytest.skip(f"{DATA} holds no lumbar_meshes_vhp")
        back, other = read_surface(path, "vhp"), trimesh.load_mesh(path, process=False)
        other.merge_vertices(merge_tex=True, merge_norm=True)
        assert volume(back) == pytest.approx(other.volume, rel=1e-9)
        assert trimesh.Trimesh(back.vertices, back.faces, process=False).is_watertight


class TestRefused:
    @pytest.mark.parametrize("name", ["m.3ds", "m", "m.gltf"])
    def test_unknown_suffix_lists_the_formats(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(InputError, match=r"expected \.stl, \.ply, \.obj, \.glb, \.vtp, \.gii"):
            write_surface(tmp_path / name, box())
        with pytest.raises(InputError, match="unknown mesh format"):
            read_surface(tmp_path / name, "test")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_broken_files_in_one_line(self, tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
        good, path = tmp_path / f"good{suffix}", tmp_path / f"broken{suffix}"
        write_surface(good, lopsided(), colour=ORANGE)
        content = good.read_bytes()
        chance = random.Random(1)
        harmed = [b"", b"\0" * 200, b"hello", content[: len(content) // 2]]
        for _ in range(30):
            bad = bytearray(content)
            for _ in range(20):
                bad[chance.randrange(len(bad))] = chance.randrange(256)
            harmed.append(bytes(bad))
        messages = []
        for bad_bytes in harmed:
            path.write_bytes(bad_bytes)
            try:
                read_surface(path, "test")
            except InputError as error:
                messages.append(str(error))
        assert len(messages) >= 4
        assert all(message.startswith(f"{path}: ") and "\n" not in message for message in messages)
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_missing_file(self, tmp_path: Path, suffix: str) -> None:
        with pytest.raises(InputError, match=f"none\\{suffix}"):
            read_surface(tmp_path / f"none{suffix}", "test")

    @pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".vtp"])
    def test_no_triangle(self, tmp_path: Path, suffix: str) -> None:
        write_surface(tmp_path / f"m{suffix}", Surface("no", "test", box().vertices, np.empty((0, 3))))
        with pytest.raises(InputError, match="holds no triangle"):
            read_surface(tmp_path / f"m{suffix}", "test")

    def test_vertex_that_does_not_exist(self, tmp_path: Path) -> None:
        (tmp_path / "m.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n")
        with pytest.raises(InputError, match=r"m\.obj: a face names vertex 3 of 3"):
            read_surface(tmp_path / "m.obj", "test")

    def test_position_that_is_no_number(self, tmp_path: Path) -> None:
        (tmp_path / "m.obj").write_text("v 0 0 0\nv 1 0 nan\nv 0 1 0\nf 1 2 3\n")
        with pytest.raises(InputError, match=r"m\.obj: 1 vertices are not finite"):
            read_surface(tmp_path / "m.obj", "test")

    @pytest.mark.parametrize("statement", ["SPACE=XYZ", "SPACE=LPS SPACE=RAS"])
    def test_frame_that_is_unknown_or_ambiguous(self, tmp_path: Path, statement: str) -> None:
        write_surface(tmp_path / "m.stl", box())
        content = (tmp_path / "m.stl").read_bytes()
        (tmp_path / "m.stl").write_bytes(statement.encode().ljust(80) + content[80:])
        with pytest.raises(InputError, match=r"m\.stl: states SPACE=.*expected SPACE=LPS or SPACE=RAS"):
            read_surface(tmp_path / "m.stl", "test")


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.stl"
    path.write_text("old")

    def full(self: Path, content: bytes) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"cannot be written to \(no space left\)"):
        write_surface(path, box())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


class TestWeld:
    def test_keeps_the_order_of_first_appearance(self) -> None:
        ball = sphere(rows=6)
        corners = ball.vertices[ball.faces].reshape(-1, 3)
        vertices, faces = weld(corners, np.arange(len(corners)).reshape(-1, 3))
        assert len(vertices) == len(ball.vertices)
        np.testing.assert_array_equal(vertices[faces], ball.vertices[ball.faces])
        assert list(dict.fromkeys(faces.ravel().tolist())) == list(range(len(vertices)))

    def test_signed_zeros_are_one_place(self) -> None:
        vertices, _ = weld(np.array([[0.0, 1, 0], [-0.0, 1, 0], [1, 0, 0], [0, 0, 1]]), np.array([[0, 2, 3]]))
        assert len(vertices) == 3

    def test_drops_a_triangle_that_lost_a_corner(self) -> None:
        _, faces = weld(np.array([[0.0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2], [0, 2, 3]]))
        assert faces.tolist() == [[0, 1, 2]]

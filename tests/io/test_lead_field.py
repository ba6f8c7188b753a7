"""Lead fields as files: what is written is read again, mapped, and what is no lead field is refused in a line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.field.lead_field import LeadField
from spinemodel.io import lead_field
from spinemodel.io.files import sha256
from spinemodel.io.lead_field import read_lead_field, require_intact, require_lead, require_model, write_lead_field
from spinemodel.io.whole_model import WholeModel
from tests.io.made_fields import point_field
from tests.leads.models import straight_model

ABOUT = {"preset": "mine", "model_sha256": "0" * 64, "settings": {"spacing_mm": 0.5}, "certificate": None}


def made() -> LeadField:
    return point_field({"C1": (0, 0, 0), "C2": (1, 0, 2)}, about=ABOUT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "leadfield.h5"
    write_lead_field(made(), file)
    return file


@pytest.mark.parametrize("mapped", [True, False])
def test_what_is_written_is_read_again(path: Path, mapped: bool) -> None:
    field, back = made(), read_lead_field(path, mapped=mapped)
    assert (back.space, back.contacts, back.boxes) == (field.space, field.contacts, field.boxes)
    assert dict(back.tissues) == dict(field.tissues)
    assert dict(back.about) == ABOUT
    np.testing.assert_array_equal(back.impedance, field.impedance)
    for ours, theirs in zip((*field.potential, *field.tissue), (*back.potential, *back.tissue), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
        assert isinstance(theirs, np.memmap) is mapped
        assert not theirs.flags.writeable


@pytest.mark.parametrize("mapped", [True, False])
def test_the_contacts_of_a_node_lie_side_by_side(path: Path, mapped: bool) -> None:
    for values in read_lead_field(path, mapped=mapped).potential:
        assert values.strides[0] == values.itemsize
        assert np.moveaxis(values, 0, 3).flags.c_contiguous


@pytest.mark.parametrize("mapped", [True, False])
def test_the_first_format_held_one_contact_after_the_other(path: Path, mapped: bool) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 1
        for i, (box, values) in enumerate(zip(made().boxes, made().potential, strict=True)):
            del file[f"boxes/{i}/potential"], file[f"boxes/{i}/tissue"]
            file[f"boxes/{i}/potential"] = np.ascontiguousarray(values)
            file[f"boxes/{i}/tissue"] = np.ones(box.cells, np.uint8)
    for ours, theirs in zip(made().potential, read_lead_field(path, mapped=mapped).potential, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert np.moveaxis(theirs, 0, 3).flags.c_contiguous


@pytest.mark.parametrize("mapped", [True, False])
def test_formats_before_the_third_held_tissues_of_cells(path: Path, mapped: bool) -> None:
    cells = np.random.default_rng(0).integers(0, 3, made().boxes[0].cells).astype(np.uint8)
    cells[:3, :3, :3] = [[[2]], [[2]], [[0]]]
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 2
        file.attrs["tissues"] = '{"1": "CSF", "2": "Fat"}'
        for i, box in enumerate(made().boxes):
            del file[f"boxes/{i}/tissue"]
            file[f"boxes/{i}/tissue"] = cells if i == 0 else np.ones(box.cells, np.uint8)
    found = read_lead_field(path, mapped=mapped).tissue[0]
    np.testing.assert_array_equal(found[1::2, 1::2, 1::2], cells)
    assert found[:6, 2, 2].tolist() == [2, 2, 2, 2, 2, 0]
    assert not found.flags.writeable


def test_values_that_do_not_conduct_stay_none(tmp_path: Path) -> None:
    field = made()
    field.potential[0][:, 3, 4, 5] = np.nan
    write_lead_field(field, tmp_path / "a.h5")
    assert np.isnan(read_lead_field(tmp_path / "a.h5").potential[0][:, 3, 4, 5]).all()


def test_complex_potentials_stay_complex(tmp_path: Path) -> None:
    field = made()
    turned = replace(field, potential=tuple((1 + 2j) * values for values in field.potential))
    write_lead_field(turned, tmp_path / "a.h5")
    back = read_lead_field(tmp_path / "a.h5")
    for ours, theirs in zip(turned.potential, back.potential, strict=True):
        assert theirs.dtype == np.complex64
        np.testing.assert_array_equal(ours, theirs)


def test_the_same_field_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.h5"
    write_lead_field(read_lead_field(path), again)
    assert again.read_bytes() == path.read_bytes()


def test_the_file_explains_itself_to_any_reader_of_hdf5(path: Path) -> None:
    with h5py.File(path) as file:
        assert (file.attrs["frame"], file.attrs["unit"], file.attrs["potential_unit"]) == ("RAS", "mm", "mV")
        group = file["boxes/0"]
        node = (group.attrs["first"] + [3, 4, 5]) * group.attrs["spacing_mm"]
        assert group["potential"].chunks is None
        expected = made().potential[0][0, 3, 4, 5]
        assert group["potential"][3, 4, 5, 0] == expected == pytest.approx(
            1000 / (4 * np.pi * 0.3 * np.linalg.norm(node)), rel=1e-6
        )


def test_numbers_of_numpy_in_about_are_numbers(tmp_path: Path) -> None:
    field = point_field({"C1": (0, 0, 0)}, about={"change": np.float32(0.5), "at": np.arange(2), "ok": np.True_})
    write_lead_field(field, tmp_path / "a.h5")
    assert dict(read_lead_field(tmp_path / "a.h5").about) == {"change": 0.5, "at": [0, 1], "ok": True}


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_about_that_json_cannot_hold_is_refused_and_nothing_written(tmp_path: Path, value: object) -> None:
    with pytest.raises(InputError, match=r"a\.h5: about: .*expected what JSON can hold"):
        write_lead_field(point_field({"C1": (0, 0, 0)}, about={"x": value}), tmp_path / "a.h5")
    assert not list(tmp_path.iterdir())


def test_a_long_about_fits(tmp_path: Path) -> None:
    field = point_field({"C1": (0, 0, 0)}, about={"text": "x" * 200_000})
    write_lead_field(field, tmp_path / "a.h5")
    assert len(read_lead_field(tmp_path / "a.h5").about["text"]) == 200_000


class TestRefused:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no such file"):
            read_lead_field(tmp_path / "none.h5")

    @pytest.mark.parametrize("content", ["# A text\n" * 1000, "no", ""])
    def test_no_hdf5(self, tmp_path: Path, content: str) -> None:
        file = tmp_path / "README.md"
        file.write_text(content, encoding="utf-8")
        for read in (read_lead_field, require_intact):
            with pytest.raises(InputError, match=r"README\.md: is no lead field, nor any HDF5 file") as caught:
                read(file)
            assert "expected a file that `spinemodel solve` wrote" in str(caught.value)
            assert "again" not in str(caught.value)

    def test_hdf5_of_another_kind(self, tmp_path: Path) -> None:
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["x"] = 1
        with pytest.raises(InputError, match="HDF5, but no lead field"):
            read_lead_field(tmp_path / "a.h5")

    @pytest.mark.parametrize("share", [0.2, 0.9, 0.999])
    def test_cut_off(self, path: Path, share: float) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(InputError, match=r"leadfield\.h5: "):
            read_lead_field(path)

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("format", 4, "format 4, expected 1 to 3"),
            ("format", "3", "h5: format '3', expected 1 to 3, a whole number; solve again with `spinemodel solve`, or"),
            ("format", 2.5, "format 2.5, expected 1 to 3, a whole number"),
            ("format", np.array([1, 2]), r"h5: format \[1, 2\], expected 1 to 3, a whole number; solve again"),
            ("format", np.arange(1000), r"format \[0, 1, 2, .*\[\.\.\.\], expected 1 to 3, a whole number"),
            ("frame", "LPS", "frame 'LPS', expected 'RAS'"),
            ("contacts", "[]", "potential"),
            ("contacts", "{", "breaks the format"),
            ("tissues", '["CSF"]', "breaks the format .*tissues: got list, expected an object with a name by number"),
            ("tissues", "7", "breaks the format .*tissues: got int"),
            *(
                ("tissues", f"{{{rows}}}", rf"leadfield\.h5: tissues: got {got}, expected a name for each number from")
                for rows, got in [
                    ('"300": "x"', "'300': 'x'"),
                    ('"256": "x"', "'256': 'x'"),
                    ('"0": "x"', "'0': 'x'"),
                    ('"-1": "x"', "'-1': 'x'"),
                    ('"1.5": "x"', "'1.5': 'x'"),
                    ('"Fat": "x"', "'Fat': 'x'"),
                    ('"1": 7', "'1': 7"),
                    ('"1": "CSF", "1": "Fat"', "'1': 'Fat'"),
                    ('"1": "CSF", "01": "Fat"', "'01': 'Fat'"),
                ]
            ),
        ],
    )
    def test_attributes(self, path: Path, name: str, value: object, said: str) -> None:
        with h5py.File(path, "r+") as file:
            file.attrs[name] = value
        with pytest.raises(InputError, match=said) as caught:
            read_lead_field(path)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("name", ["boxes/0/potential", "boxes/1/tissue", "impedance", "about", "boxes"])
    def test_parts_that_are_missing(self, path: Path, name: str) -> None:
        with h5py.File(path, "r+") as file:
            del file[name]
        with pytest.raises(InputError, match="breaks the format"):
            read_lead_field(path)

    def test_potentials_of_another_shape(self, path: Path) -> None:
        with h5py.File(path, "r+") as file:
            del file["boxes/0/potential"]
            file["boxes/0/potential"] = np.zeros((3, 3, 3, 2), "<f4")
        with pytest.raises(InputError, match=r"float32 of shape \(3, 3, 3, 2\), expected"):
            read_lead_field(path)

    def test_boxes_without_cells(self, path: Path) -> None:
        with h5py.File(path, "r+") as file:
            file["boxes/0"].attrs["spacing_mm"] = 0.0
        with pytest.raises(InputError, match="nodes 0 mm apart"):
            read_lead_field(path)


def test_numbers_of_tissues_go_up_to_255(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["tissues"] = '{"1": "CSF", "255": "Fat"}'
    assert dict(read_lead_field(path).tissues) == {1: "CSF", 255: "Fat"}


class TestIntact:
    def test_as_written(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        hashed, of = [], lead_field._hash
        monkeypatch.setattr(lead_field, "_hash", lambda values: (hashed.append(values.nbytes), of(values))[1])
        require_intact(path)
        field = made()
        whole = [*field.potential, *field.tissue, field.impedance, np.frombuffer(json.dumps(ABOUT).encode(), np.uint8)]
        assert sorted(hashed) == sorted(values.nbytes for values in whole), "every array is read, and none refused"

    @pytest.mark.parametrize("name", ["boxes/0/potential", "boxes/1/tissue", "impedance", "about"])
    def test_one_bit_of_an_array(self, path: Path, name: str) -> None:
        with h5py.File(path) as file:
            data = file[name]
            place = data.id.get_offset() + data.id.get_storage_size() // 2
        content = bytearray(path.read_bytes())
        content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            require_intact(path)
        assert f"{path}: " in str(caught.value)
        assert "\n" not in str(caught.value)
        if name != "about":
            assert f"/{name} is not as it was written; solve again" in str(caught.value)

    def test_what_it_states(self, path: Path) -> None:
        with h5py.File(path, "r+") as file:
            file.attrs["contacts"] = '["C2", "C1"]'
        with pytest.raises(InputError, match="its attributes are not as they were written"):
            require_intact(path)

    @pytest.mark.parametrize("change", ["moved", "gone"])
    def test_where_its_boxes_lie_and_which_there_are(self, path: Path, change: str) -> None:
        with h5py.File(path, "r+") as file:
            if change == "moved":
                file["boxes/0"].attrs["first"] = file["boxes/0"].attrs["first"] + 2
            else:
                del file["boxes"][str(len(file["boxes"]) - 1)]
        with pytest.raises(InputError, match="boxes, patches or what they state are not as they were written"):
            require_intact(path)

    def test_cut_off(self, path: Path) -> None:
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(InputError, match=r"leadfield\.h5: cannot be read as HDF5"):
            require_intact(path)

    def test_of_an_earlier_version(self, path: Path) -> None:
        with h5py.File(path, "r+") as file:
            del file.attrs["sha256"]
        with pytest.raises(InputError, match="has no hashes, as of an earlier version"):
            require_intact(path)
        assert read_lead_field(path).contacts == ("C1", "C2"), "it is read all the same"


@pytest.fixture
def model(tmp_path: Path) -> WholeModel:
    return straight_model(tmp_path / "sub-toy")


def test_of_this_very_model(model: WholeModel, tmp_path: Path) -> None:
    record = (model.folder / "model.json").read_bytes()
    field = point_field({"C1": (0, 0, 0)}, space=model.space, about={"model_sha256": sha256(record)})
    require_model(field, tmp_path / "a.h5", model)
    changed = json.dumps(json.loads(record) | {"more": 1})
    (model.folder / "model.json").write_text(changed, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.h5: .*model\.json is not as it was"):
        require_model(field, tmp_path / "a.h5", model)
    other = point_field({"C1": (0, 0, 0)}, space="sub-99/scanner")
    with pytest.raises(InputError, match="in the space sub-99/scanner"):
        require_model(other, tmp_path / "a.h5", model)


def test_of_this_very_lead(tmp_path: Path) -> None:
    lead = tmp_path / "lead.json"
    lead.write_text("{}", encoding="utf-8")
    field = point_field({"C1": (0, 0, 0)}, about={"lead_sha256": sha256(b"{}")})
    require_lead(field, tmp_path / "a.h5", lead)
    lead.write_text("{ }", encoding="utf-8")
    with pytest.raises(InputError, match=r"was not solved for .*lead\.json"):
        require_lead(field, tmp_path / "a.h5", lead)

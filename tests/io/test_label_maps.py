"""Shipped label maps against what their sources say, and maps that a user states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.label_map_files import normal_name, read_tables, toml_tables
from spinemodel.io.label_maps import LabelMap, label_map, name_labels, shipped_maps
from spinemodel.vertebrae.mask import Region
from spinemodel.vertebrae.names import LADDER, kind_of


def named(stated: LabelMap, *present: int, lowest: str = "L5", last: str = "T12") -> dict[int, str]:
    found = name_labels(stated, present, lowest, last)  # type: ignore[arg-type]
    return {label: region.name for label, region in found.regions.items()}


@pytest.mark.parametrize("name", shipped_maps())
def test_every_shipped_map_reads(name: str) -> None:
    stated = label_map(name)
    assert stated.name == name
    assert stated.source.startswith("https://")
    counted = set() if stated.from_below is None else set(range(1, 25))
    everything = stated.labels.keys() | stated.discs_below.keys() | counted
    found = name_labels(stated, everything)
    assert found.regions.keys() == everything
    names = [region.name for region in found.regions.values()]
    assert len(set(names)) == len(names)


LEVELS = [name for name in LADDER if name[0] != "S"]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("verse", {1: "C1", 7: "C7", 8: "T1", 19: "T12", 20: "L1", 25: "L6", 26: "Sacrum", 27: "Coccyx", 28: "T13"}),
        ("totalspineseg", {1: "Cord", 2: "Canal", 11: "C1", 21: "T1", 32: "T12", 41: "L1", 46: "L6", 50: "Sacrum"}),
        ("totalspineseg", {63: "C2-C3", 71: "C7-T1", 82: "T11-T12", 91: "T12-L1", 95: "L4-L5", 100: "L5-S1"}),
        ("totalsegmentator", {25: "Sacrum", 26: "S1", 27: "L5", 31: "L1", 32: "T12", 43: "T1", 44: "C7", 50: "C1"}),
        ("totalsegmentator-v1", {18: "L5", 22: "L1", 23: "T12", 34: "T1", 35: "C7", 41: "C1", 92: "Sacrum"}),
        ("totalsegmentator-v3", {25: "Sacrum", 26: "L6", 27: "L5", 79: "Cord"}),
        ("totalsegmentator-mr", {18: "Sacrum", 19: "Vertebrae", 20: "Discs", 21: "Cord"}),
        ("totalsegmentator-vertebrae-mr", {1: "Sacrum", 2: "L5", 7: "T12", 25: "C1"}),
        ("tptbox-vert", {5: "C5", 105: "C5-C6", 205: "C5_endplate", 28: "T13", 228: "T13_endplate", 29: "S2"}),
        ("spineps-vert", {7: "C7", 107: "C7-T1", 20: "L1", 120: "L1-L2", 124: "L5-S1", 26: "Sacrum"}),
        ("spineps-subreg", {26: "Sacrum", 41: "Arch", 49: "BodyBorder", 60: "Cord", 61: "Canal", 100: "Discs"}),
    ],
)
def test_numbers(name: str, rows: dict[int, str]) -> None:
    assert named(label_map(name), *rows) == rows


@pytest.mark.parametrize("name", ["verse", "tptbox-vert", "spineps-vert"])
def test_every_level_is_in_the_maps_that_number_all(name: str) -> None:
    assert set(LEVELS) <= {region.name for region in label_map(name).labels.values()}


def test_organs_are_left_out() -> None:
    found = name_labels(label_map("totalsegmentator"), [27, 5, 79, 52])
    assert {label: region.name for label, region in found.regions.items()} == {27: "L5", 79: "Cord"}
    assert found.ignored == {5: "liver", 52: "aorta"}


def test_spider_counts_from_below() -> None:
    found = name_labels(label_map("spider"), [1, 2, 6, 7, 100, 108, 201, 202, 206])
    assert found.regions == {
        1: Region("L5"),
        2: Region("L4"),
        6: Region("T12"),
        7: Region("T11"),
        100: Region("Canal"),
        108: Region("T10", partial=True),
        201: Region("L5-S1"),
        202: Region("L4-L5"),
        206: Region("T12-L1"),
    }
    assert "lowest is taken for L5 and the one above L1 for T12" in found.notes[0]


@pytest.mark.parametrize(
    ("lowest", "last", "rows"),
    [
        ("L6", "T12", {1: "L6", 2: "L5", 7: "T12", 201: "L6-S1", 202: "L5-L6", 207: "T12-L1"}),
        ("L5", "T13", {1: "L5", 6: "T13", 7: "T12", 206: "T13-L1", 207: "T12-T13"}),
        ("L4", "T12", {1: "L4", 5: "T12", 201: "L4-S1", 205: "T12-L1"}),
        ("L5", "T11", {5: "L1", 6: "T11", 206: "T11-L1"}),
    ],
)
def test_spider_in_a_transitional_spine(lowest: str, last: str, rows: dict[int, str]) -> None:
    assert named(label_map("spider"), *rows, lowest=lowest, last=last) == rows


def test_spider_with_another_lowest() -> None:
    with pytest.raises(InputError, match="lowest vertebra: got 'S1', expected L4, L5 or L6"):
        name_labels(label_map("spider"), [1], "S1")


@pytest.mark.parametrize(
    ("present", "disc", "name"),
    [
        ([19, 20], 119, "T12-L1"),
        ([19, 28, 20], 119, "T12-T13"),
        ([19, 28, 20], 128, "T13-L1"),
        ([18, 20], 118, "T11-L1"),
        ([24], 124, "L5-S1"),
        ([24, 25], 124, "L5-L6"),
        ([25], 125, "L6-S1"),
        ([23, 26], 123, "L4-S1"),
        ([23, 24, 26], 123, "L4-L5"),
        ([23], 123, "L4-L5"),
    ],
)
def test_disc_stands_on_what_the_mask_shows(present: list[int], disc: int, name: str) -> None:
    assert named(label_map("spineps-vert"), *present, disc)[disc] == name


@pytest.mark.parametrize(
    ("present", "name"), [([45], "L5-S1"), ([45, 46], "L6-S1"), ([44, 50], "L4-S1"), ([], "L5-S1")]
)
def test_disc_on_the_sacrum(present: list[int], name: str) -> None:
    assert named(label_map("totalspineseg"), *present, 100)[100] == name


def test_two_labels_of_one_vertebra() -> None:
    with pytest.raises(InputError, match="labels 3 and 103 both show L3"):
        name_labels(label_map("spider"), [1, 3, 103])


def test_unknown_labels_are_listed() -> None:
    with pytest.raises(InputError, match="labels 29, 77, 401 are not in the label map verse; state another map"):
        name_labels(label_map("verse"), [401, 20, 29, 77])
    with pytest.raises(InputError, match=r"labels 30, 31, .* and 20 more are not"):
        name_labels(label_map("verse"), range(30, 70))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("vertebrae_L3", "L3"),
        ("Vertebra T12", "T12"),
        ("vert-C1", "C1"),
        ("Th5", "T5"),
        ("S1", "S1"),
        ("disc_L3_L4", "L3-L4"),
        ("L3_L4", "L3-L4"),
        ("ivd L5/S1", "L5-S1"),
        ("disc_L5_S", "L5-S1"),
        ("T12-L1", "T12-L1"),
        ("L3_endplate", "L3_endplate"),
        ("sacrum", "Sacrum"),
        ("cocc", "Coccyx"),
        ("spinal_canal", "Canal"),
        ("spinal cord", "Cord"),
        ("disc_L5", "disc_L5"),
        ("vertebra_L9", "vertebra_L9"),
        ("vertebra_L3_L4", "vertebra_L3_L4"),
        ("Lamina", "Lamina"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert normal_name(text) == name


@pytest.mark.parametrize(
    "name", [*LEVELS, "L3-L4", "L5-S1", "T13-L1", "L6_endplate", "Sacrum", "Coccyx", "Canal", "Cord"]
)
def test_own_names_are_kept(name: str) -> None:
    assert normal_name(name) == name
    assert kind_of(name) != "part"


def test_users_files(tmp_path: Path) -> None:
    plain, turned = tmp_path / "a.json", tmp_path / "b.json"
    plain.write_text(json.dumps({"0": "background", "5": "vertebrae_L5", "6": "disc_L5_S1"}))
    turned.write_text(json.dumps({"labels": {"background": 0, "L5": 5, "L5-S": 6}}))
    table = tmp_path / "c.tsv"
    table.write_text("index\tname\n0\tbackground\n5\tL5\n6\tL5/S1\n")
    own = tmp_path / "d.toml"
    own.write_text('[labels]\n5 = "L5"\n6 = "L5-S1"\n')
    for path in (plain, turned, table, own):
        assert named(label_map(path), 5, 6) == {5: "L5", 6: "L5-S1"}
        assert label_map(str(path)).name == path.name


def test_users_toml_with_all_tables(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'source = "our own"\nlumbosacral_disc = 90\n[labels]\n1 = "L5"\n[partial]\n2 = "L4"\n'
        '[discs_below]\n3 = "vertebra_L4"\n[ignored]\n9 = "liver"\n'
    )
    stated = label_map(path)
    assert named(stated, 1, 2, 3, 90, 9) == {1: "L5", 2: "L4", 3: "L4-L5", 90: "L5-S1"}
    assert (stated.source, stated.labels[2].partial) == ("our own", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[labels", "not valid TOML"),
        ("", "names no label"),
        ("[lables]\n1 = 'L1'", "lables: unknown entry; expected source"),
        ("[labels]\nL1 = 'L1'", "labels: L1: got 'L1', expected a label, a whole number from 1 to 65535"),
        ("[labels]\n0 = 'L1'", "expected a label"),
        ("[labels]\n70000 = 'L1'", "expected a label"),
        ("[labels]\n1 = 3", "labels: 1: got 3, expected a name"),
        ("labels = 3", "labels: got 3, expected a table"),
        ("[labels]\n1 = 'L1'\n[ignored]\n1 = 'rib'", "1 stands in labels and in ignored"),
        ("[labels]\n1 = 'L1'\n[discs_below]\n2 = 'Sacrum'", "discs_below.2: got 'Sacrum', expected the vertebra above"),
        ("[from_below]\nvertebrae = 1", "from_below: expected the whole numbers vertebrae, partial, discs, count"),
        ("lumbosacral_disc = true\n[labels]\n1 = 'L1'", "lumbosacral_disc: got 'True'"),
    ],
)
def test_broken_toml(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        toml_tables(text, "mine.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[1]", "expected an object such as"),
        ("{}", "expected an object such as"),
        ('{"1": {"name": "L5"}}', "expected a name such as L3"),
        ('{"L5": 1, "L4": 1}', "L5 and L4 are both 1"),
        ('{"L5": "L5"}', "expected a label"),
    ],
)
def test_broken_json(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_tables(path)


def test_no_such_map(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"label map vers: no such map or file; expected spider, .*verse, or a file"):
        label_map("vers")
    (tmp_path / "map.txt").write_text("1 L5")
    with pytest.raises(InputError, match=r"map.txt: unknown form of a label map; expected .toml, .json or .tsv"):
        label_map(tmp_path / "map.txt")
    (tmp_path / "map.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"map.json: cannot be read as a label map"):
        label_map(tmp_path / "map.json")

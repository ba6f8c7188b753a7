import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinemodel.errors import InputError
from spinemodel.io.slicer import SCHEMA, Frame, LengthUnit, Markup, parse_markups, read_markups, write_markups

POINT = {"label": "P-1", "position": [1.0, 2.0, 3.0]}


def markup(*points: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "Fiducial", "controlPoints": list(points), **fields}


def document(*markups: Any, schema: Any = SCHEMA) -> bytes:
    return json.dumps({"@schema": schema, "markups": list(markups)}).encode()


def parse_one(*points: Any, **fields: Any) -> Markup:
    (parsed,) = parse_markups(document(markup(*points, **fields)), "a.json")
    return parsed


def error_of(content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse_markups(content, "sub-03_dura_4.json")
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("fields", "factors"),
    [
        ({}, (-1, -1, 1)),
        ({"coordinateSystem": "LPS"}, (-1, -1, 1)),
        ({"coordinateSystem": "RAS"}, (1, 1, 1)),
        ({"coordinateSystem": "0"}, (1, 1, 1)),
        ({"coordinateSystem": 0}, (1, 1, 1)),
        ({"coordinateSystem": "1"}, (-1, -1, 1)),
        ({"coordinateSystem": 1}, (-1, -1, 1)),
    ],
)
def test_every_spelling_of_the_frame(fields: dict[str, Any], factors: tuple[int, int, int]) -> None:
    np.testing.assert_array_equal(parse_one(POINT, **fields).points, [np.multiply([1, 2, 3], factors)])


@pytest.mark.parametrize(
    ("fields", "mm"),
    [
        ({}, 1.0),
        ({"coordinateUnits": "mm"}, 1.0),
        ({"coordinateUnits": "um"}, 1e-3),
        ({"coordinateUnits": ["mm", "UCUM", "millimeter"]}, 1.0),
        ({"coordinateUnits": ["um", "UCUM", "micrometer"]}, 1e-3),
        ({"coordinateUnits": ["m", "UCUM", "meter"]}, 1e3),
    ],
)
def test_every_spelling_of_the_unit(fields: dict[str, Any], mm: float) -> None:
    np.testing.assert_allclose(parse_one(POINT, **fields).points, [[-mm, -2 * mm, 3 * mm]], rtol=1e-15)


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA,
        "markups-schema-v1.0.0.json",
        "https://example.org/MARKUPS-Schema-v1.0.4.JSON#",
        "x/markups-schema-v1.12.30.json##",
    ],
)
def test_every_schema_of_version_1_is_accepted_as_in_slicer(schema: str) -> None:
    assert len(parse_markups(document(markup(POINT), schema=schema), "a.json")) == 1


def test_a_file_may_hold_several_markups_in_different_frames() -> None:
    content = document(markup(POINT), markup(POINT, type="ClosedCurve", coordinateSystem="RAS"), markup())
    first, second, third = parse_markups(content, "a.json")
    assert (first.kind, second.kind, len(third.points)) == ("Fiducial", "ClosedCurve", 0)
    np.testing.assert_array_equal(first.points * [-1, -1, 1], second.points)


def test_points_keep_their_stored_order_and_labels_default_to_nothing() -> None:
    parsed = parse_one({"label": "b", "position": [0, 0, 9]}, {"position": [0, 0, -9]})
    assert parsed.labels == ("b", "")
    np.testing.assert_array_equal(parsed.points[:, 2], [9, -9])


def test_unknown_fields_are_ignored() -> None:
    assert len(parse_one({**POINT, "orientation": "?", "new": {}}, display=3, measurements=None).points) == 1


def test_a_byte_order_mark_is_ignored() -> None:
    assert len(parse_markups(b"\xef\xbb\xbf" + document(markup(POINT)), "a.json")) == 1


@pytest.mark.parametrize("status", ["undefined", "preview", "missing"])
@pytest.mark.parametrize("position", [[0.0, 0.0, 0.0], "", None])
def test_only_defined_points_count(status: str, position: Any) -> None:
    parsed = parse_one(POINT, {"label": "P-2", "position": position, "positionStatus": status})
    assert parsed.labels == ("P-1",)
    assert parsed.notes == (f"left out (status {status}): point 2",)


@pytest.mark.parametrize("unset", [{"position": ""}, {"position": None}, {}])
@pytest.mark.parametrize("status", [{"positionStatus": "defined"}, {}])
def test_a_defined_point_without_a_position_is_left_out_with_a_note(unset: Any, status: Any) -> None:
    parsed = parse_one({**unset, **status}, POINT, unset)
    assert parsed.labels == ("P-1",)
    assert parsed.notes == ("left out (defined without a position): point 1, 3",)


@pytest.mark.parametrize(
    ("point", "field", "expected"),
    [
        ({"position": [1, float("nan"), 3]}, ".position[1]", "expected a finite number, got NaN"),
        ({"position": [1, 2, float("inf")]}, ".position[2]", "expected a finite number, got Infinity"),
        ({"position": [1, 2, -float("inf")]}, ".position[2]", "expected a finite number, got -Infinity"),
        ({"position": ["1.5", 2, 3]}, ".position[0]", 'expected a number, got "1.5"'),
        ({"position": [True, 2, 3]}, ".position[0]", "expected a number, got true"),
        ({"position": [1, None, 3]}, ".position[1]", "expected a number, got null"),
        ({"position": [10**400, 2, 3]}, ".position[0]", "expected a number, got 1000"),
        ({"position": [1, 2]}, ".position[2]", "expected a value, got nothing"),
        ({"position": [1, 2, 3, 4]}, ".position", "expected three numbers, got [1, 2, 3, 4]"),
        ({"position": "unset"}, ".position", 'expected three numbers, got "unset"'),
        ({"position": {"x": 1}}, ".position", 'expected three numbers, got {"x": 1}'),
        ({"position": 0}, ".position", "expected three numbers, got 0"),
        ({"positionStatus": "placed"}, ".positionStatus", "'missing', got \"placed\""),
        ({"positionStatus": None}, ".positionStatus", "'missing', got null"),
        ({"positionStatus": 2}, ".positionStatus", "'missing', got 2"),
        ({"label": 7}, ".label", "expected text, got 7"),
        ([1, 2, 3], "", "expected an object, got [1, 2, 3]"),
    ],
)
def test_a_bad_point_is_one_line_that_names_file_and_field(point: Any, field: str, expected: str) -> None:
    message = error_of(document(markup(POINT), markup(POINT, POINT, POINT, point)))
    assert message.startswith(f"sub-03_dura_4.json: markups[1].controlPoints[3]{field}: ")
    assert expected in message
    assert message.endswith("; correct the file in a text editor or save it again from Slicer")


@pytest.mark.parametrize(
    ("fields", "fragment"),
    [
        ({"type": "Spline"}, "markups[0].type: expected 'Fiducial', 'Line',"),
        ({"type": None}, "markups[0].type: "),
        ({"coordinateSystem": "lps"}, 'markups[0].coordinateSystem: expected LPS or RAS, got "lps"'),
        ({"coordinateSystem": 2}, "markups[0].coordinateSystem: expected LPS or RAS, got 2"),
        ({"coordinateSystem": True}, "markups[0].coordinateSystem: expected LPS or RAS, got true"),
        ({"coordinateSystem": None}, "markups[0].coordinateSystem: expected LPS or RAS, got null"),
        ({"coordinateUnits": "inch"}, "markups[0].coordinateUnits: expected mm, um, cm, m or"),
        ({"coordinateUnits": ["mm", "DCM", "millimeter"]}, "markups[0].coordinateUnits: expected mm, um, cm, m or"),
        ({"coordinateUnits": ["mm", "UCUM"]}, "markups[0].coordinateUnits: expected mm, um, cm, m or"),
        ({"coordinateUnits": [["mm"], "UCUM", "x"]}, "markups[0].coordinateUnits: expected mm, um, cm, m or"),
        ({"controlPoints": {}}, "markups[0].controlPoints: expected a list, got {}"),
    ],
)
def test_a_bad_markup_is_one_line_that_names_the_field(fields: dict[str, Any], fragment: str) -> None:
    assert fragment in error_of(document(markup(POINT, **fields)))


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (document(schema="markups-schema-v2.0.0.json"), "@schema: expected markups-schema-v1.x.y.json, got"),
        (document(schema="x-v1.0.0.json"), "@schema: expected markups-schema-v1.x.y.json, got"),
        (document(schema=None), "@schema: expected text, got null"),
        (b'{"Author": ["Liu"], "BIDSVersion": "1.8.0"}', "@schema: expected a value, got nothing"),
        (json.dumps({"@schema": SCHEMA}).encode(), "markups: expected a value, got nothing"),
        (json.dumps({"@schema": SCHEMA, "markups": {}}).encode(), "markups: expected a list, got {}"),
        (b"[]", "top level: expected an object, got []"),
        (b"3", "top level: expected an object, got 3"),
        (document(markup(POINT))[:-20], "expected JSON, got text that is cut off or damaged (EOF"),
        (document(markup(POINT)) + b"}", "expected JSON, got text that is cut off or damaged (trailing"),
        (b"solid Cord\n", "expected JSON, got text"),
        (b"", "expected JSON, got text"),
        (document(markup(POINT)).replace(b"P-1", b"P\xe9"), "expected UTF-8 text, got byte 0xe9 at"),
        (document(markup(POINT)).decode().encode("utf-16"), "expected UTF-8 text, got byte 0xff at 0"),
        (b'{"a":' * 10_000, "expected JSON, got text that is cut off or damaged (recursion limit"),
    ],
)
def test_what_is_no_markups_file_is_one_line(content: bytes, fragment: str) -> None:
    message = error_of(content)
    assert message.startswith("sub-03_dura_4.json: ")
    assert fragment in message


def test_every_way_of_cutting_a_file_short_is_one_line() -> None:
    content = document(markup(POINT, coordinateUnits="mm"))
    for length in range(len(content)):
        assert "expected JSON" in error_of(content[:length])


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert len(error_of(document(markup({"position": "x" * 10_000})))) < 250


@pytest.mark.parametrize("content", [b"", b" \n\t"])
def test_an_empty_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json: the file is empty; save it again from Slicer"):
        read_markups(path)


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\); give a marker file"):
        read_markups(tmp_path)
    with pytest.raises(InputError, match=r"b\.json: cannot be read \(No such file or directory\)"):
        read_markups(tmp_path / "b.json")


COORDINATE = st.floats(-1e3, 1e3)


@given(
    points=arrays(np.float64, st.tuples(st.integers(0, 5), st.just(3)), elements=COORDINATE),
    label=st.text(st.characters(exclude_categories=["Cs"])),
    frame=st.sampled_from(["LPS", "RAS"]),
    unit=st.sampled_from(["mm", "um"]),
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, points: Any, label: str, frame: Frame, unit: LengthUnit
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.mrk.json"
    written = Markup("Curve", points, (label,) * len(points))
    write_markups(path, [written, Markup("Fiducial", points)], frame, unit)
    for read, kind, labels in zip(
        read_markups(path), ("Curve", "Fiducial"), (written.labels, ("",) * len(points)), strict=True
    ):
        assert (read.kind, read.labels, read.notes) == (kind, labels, ())
        np.testing.assert_allclose(read.points, points, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("frame", "unit", "position", "axes"),
    [
        ("LPS", "mm", [-1.5, 2.25, 1 / 3], [-1, 0, 0, 0, -1, 0, 0, 0, 1]),
        ("RAS", "um", [1500.0, -2250.0, 1000 / 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]),
    ],
)
def test_the_file_states_the_frame_and_the_unit_that_its_numbers_are_in(
    tmp_path: Path, frame: Frame, unit: LengthUnit, position: list[float], axes: list[int]
) -> None:
    write_markups(tmp_path / "a.json", [Markup("Fiducial", np.array([[1.5, -2.25, 1 / 3]]), ("µ",))], frame, unit)
    (stored,) = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["markups"]
    assert (stored["coordinateSystem"], stored["coordinateUnits"]) == (frame, unit)
    assert stored["controlPoints"][0]["position"] == pytest.approx(position, rel=1e-15)
    assert stored["controlPoints"][0]["orientation"] == axes
    assert stored["controlPoints"][0]["label"] == "µ"


def test_equal_markups_give_equal_bytes_and_no_temporary_file_stays(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        write_markups(tmp_path / name, [Markup("Curve", np.eye(3))])
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert b"-0.0" not in (tmp_path / "a.json").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]


@pytest.mark.parametrize("frame", ["LPS", "RAS"])
@pytest.mark.parametrize("unit", ["mm", "um"])
def test_slicers_own_schema_accepts_what_is_written(
    tmp_path: Path, slicer_schema: Path, frame: Frame, unit: LengthUnit
) -> None:
    import jsonschema

    schema = json.loads((slicer_schema / "markups-schema-v1.0.3.json").read_text(encoding="utf-8"))
    markups = [Markup("ClosedCurve", np.eye(3), ("a", "b", "c")), Markup("Fiducial", np.zeros((0, 3)))]
    write_markups(tmp_path / "a.json", markups, frame, unit)
    written = json.loads((tmp_path / "a.json").read_bytes())
    validator = jsonschema.Draft7Validator(schema)
    assert list(validator.iter_errors(written)) == []
    written["markups"][0]["controlPoints"][0]["position"] = [1, 2]
    assert list(validator.iter_errors(written))


def test_real_files_agree_with_a_plain_json_reader(sub03: Path) -> None:
    for name in ("cord_1", "dura_80", "nerveroots_L2_L", "ganglions_S2_R"):
        path = sub03 / f"sub-03_{name}.json"
        (stored,) = json.loads(path.read_bytes())["markups"]
        (read,) = read_markups(path)
        assert stored["coordinateSystem"] == "LPS"
        assert read.kind == stored["type"]
        assert read.labels == tuple(point["label"] for point in stored["controlPoints"])
        expected = [[-x, -y, z] for x, y, z in (point["position"] for point in stored["controlPoints"])]
        assert read.points.tolist() == expected


def test_a_markup_refuses_what_no_file_can_hold() -> None:
    with pytest.raises(InputError, match="Curve markup: expected finite points and a label for each"):
        Markup("Curve", np.array([[np.nan, 0, 0]]))
    with pytest.raises(InputError, match="got 3 points and 1 labels"):
        Markup("Curve", np.eye(3), ("a",))
    with pytest.raises(ValueError, match="read-only"):
        Markup("Curve", np.eye(3)).points[0] = 1

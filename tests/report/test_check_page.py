import pytest

from spinemodel.anatomy.audit import audit
from spinemodel.anatomy.fidelity import Fidelity
from spinemodel.report.check_page import check_sections, fidelity_table, relation_table, surface_table
from spinemodel.report.page import render_page
from tests.shapes import box


def test_rows_say_what_was_measured() -> None:
    cube = box(size=2.0, name="Cord")
    open_cube = type(cube)("Dura", "test", cube.vertices, cube.faces[1:])
    kept, broken = surface_table(audit({"Cord": cube, "Dura": open_cube})).rows
    assert kept["mm3"] == "8.0"
    assert kept["mm2"] == "24.0"
    assert kept["promises"] == "kept"
    assert (broken["closed"], broken["promises"]) == ("no", "broken")


def test_relations_name_the_overlap() -> None:
    found = audit({"L1_L": box(name="L1_L"), "L2_L": box((0.5, 0, 0), name="L2_L")})
    first, _ = relation_table(found.relations).rows
    assert first["overlaps with"] == "L1_L & L2_L"
    assert first["enters the cord"] == "-"


def test_page_opens_with_the_verdict_and_holds_every_cell() -> None:
    table = fidelity_table({"Cord": Fidelity(3, 0.1, 0.2, 0.34567)}, "fidelity", "as stated")
    page = render_page("Quality", check_sections("sub-1", {"Fidelity": [table]}, ["a < b"], ["a note"]))
    assert 'id="sub-1-fidelity"' in page
    assert '<td class="number">0.346</td>' in page
    places = [page.index(text) for text in ("1 promises are broken", "a &lt; b", "note: a note", "0.346")]
    assert places == sorted(places)
    assert "http" not in page


@pytest.mark.parametrize("failures", [[], ["x"]])
def test_verdict(failures) -> None:
    verdict = check_sections("s", {}, failures)[0]
    assert ("every promise is kept" in verdict.text[0]) is not bool(failures)

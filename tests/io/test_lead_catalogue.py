"""Leads from TOML: what ships, what users write, and what is said of their mistakes."""

from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.lead_catalogue import find_lead, read_catalogue

PLATE = 'backing = { form = "paddle", length_mm = 20, width_mm = 8, thickness_mm = 1 }\n'
ROD = 'backing = { form = "cylinder", length_mm = 20, diameter_mm = 1.3 }\n'
HEAD = '[mine]\ntitle = "Mine"\nsource = "my ruler"\nmetal_mm = 0.1\n'
DISCS = 'grid = { columns = [2, 3], outline = "disc", diameter_mm = 2, gap_across_mm = 1, gap_along_mm = 0.5 }\n'


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A user's file with one lead."""
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + PLATE + DISCS, encoding="utf-8")
    return path


def test_the_catalogue_has_the_leads_that_people_use() -> None:
    leads = read_catalogue()
    counts = {name: len(lead.contacts) for name, lead in leads.items()}
    assert counts["specify-5-6-5"] == counts["specify-2x8"] == 16
    assert counts["vectris-compact"] == counts["vectris-subcompact"] == counts["rado-scs"] == 8
    assert (counts["rado-drg"], counts["penta"], counts["coveredge-32"]) == (4, 20, 32)
    assert all(lead.name == name and lead.source and lead.title for name, lead in leads.items())


def test_what_was_read_is_named() -> None:
    for lead in read_catalogue().values():
        read = lead.source.partition("Read: ")[2].partition("Not read")[0]
        assert not read or "http" in read or "manual M" in read or "Directions for Use" in read, lead.name


def test_a_lead_says_that_it_is_verified_only_where_nothing_is_unread() -> None:
    for lead in read_catalogue().values():
        assert not (lead.verified and ("Not read" in lead.source or "hoice" in lead.source))


def test_a_staggered_grid_is_expanded_column_by_column_from_the_tip() -> None:
    contacts = {contact.name: contact for contact in read_catalogue()["specify-5-6-5"].contacts}
    assert [(contacts[name].u_mm, contacts[name].v_mm) for name in ("C1", "C5", "C6", "C11", "C12", "C16")] == [
        (-2.5, 17.0),
        (-2.5, -17.0),
        (0.0, 21.25),
        (0.0, -21.25),
        (2.5, 17.0),
        (2.5, -17.0),
    ]


def test_a_users_file_has_the_same_form(written: Path) -> None:
    lead = find_lead(written)
    assert (lead.name, lead.verified, lead.backing.thickness_mm) == ("mine", False, 1.0)
    assert [(c.name, c.u_mm, c.v_mm) for c in lead.contacts] == [
        ("C1", -1.5, 1.25),
        ("C2", -1.5, -1.25),
        ("C3", 1.5, 2.5),
        ("C4", 1.5, 0.0),
        ("C5", 1.5, -2.5),
    ]


def test_v_is_moved_to_the_middle_of_the_contacts(tmp_path: Path) -> None:
    path = tmp_path / "rod.toml"
    rings = ", ".join(f'{{ name = "r{v}", outline = "ring", v_mm = {v}, length_mm = 3 }}' for v in (12, 5))
    path.write_text(HEAD + ROD.replace(" }", ", middle_mm = 7 }") + f"contacts = [{rings}]\n", encoding="utf-8")
    lead = find_lead(path)
    assert [contact.v_mm for contact in lead.contacts] == [3.5, -3.5]
    assert [contact.width_mm for contact in lead.contacts] == [1.3, 1.3]
    assert lead.backing.middle_mm == 7 - 8.5


def test_columns_are_shifted_and_contacts_named(tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    grid = DISCS.replace(" }", ', shift_mm = [1, -1], names = ["a", "b", "c", "d", "e"] }')
    path.write_text(HEAD + PLATE + grid, encoding="utf-8")
    lead = find_lead(path)
    assert [contact.name for contact in lead.contacts] == list("abcde")
    assert [round(contact.v_mm, 6) for contact in lead.contacts] == [2.875, 0.375, 2.125, -0.375, -2.875]
    assert lead.backing.middle_mm == 0


def test_leads_are_found_by_name_file_and_both(written: Path) -> None:
    assert find_lead("penta").name == "penta"
    assert find_lead(f"{written}:mine").name == "mine"
    assert find_lead("mine", written).name == "mine"
    written.write_text(written.read_text() + (HEAD + PLATE + DISCS).replace("[mine]", "[yours]"), encoding="utf-8")
    assert find_lead(f"{written}:yours").name == "yours"
    with pytest.raises(InputError, match=r"holds 2 leads; name one, such as .*mine\.toml:mine"):
        find_lead(written)
    with pytest.raises(InputError, match="lead yous: not there; did you mean yours"):
        find_lead(f"{written}:yous")


def test_a_name_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="lead specify-565: not in the catalogue; did you mean specify-5-6-5"):
        find_lead("specify-565")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no lead"),
        ("mine =", "not valid TOML"),
        ("mine = 1", "mine: expected a table"),
        (HEAD, "lead mine: backing: expected a value, got nothing"),
        (HEAD + PLATE, "lead mine: expected grid or contacts, got neither"),
        (HEAD + PLATE + DISCS + "contacts = [{ name = 'a', outline = 'disc', v_mm = 0, diameter_mm = 1 }]", "got both"),
        (HEAD + PLATE + "contacts = []", "contacts: expected one entry at least"),
        (HEAD + PLATE + DISCS.replace("gap_along", "gap_allong"), "grid.gap_allong_mm: unknown .* mean gap_along_mm"),
        (HEAD + "verfied = true\n" + PLATE + DISCS, "verfied: unknown key; did you mean verified"),
        (HEAD + PLATE.replace("width_mm", "with_mm") + DISCS, "backing.with_mm: unknown key; did you mean width_mm"),
        (HEAD + PLATE.replace("20", '"20"') + DISCS, "backing.length_mm: expected a number, got '20'"),
        (HEAD + PLATE.replace("20", "nan") + DISCS, "backing.length_mm: expected a finite number"),
        (HEAD + PLATE.replace("paddle", "plate") + DISCS, "backing.form: expected 'paddle' or 'cylinder', got 'plate'"),
        (HEAD + PLATE.replace(" }", ", diameter_mm = 3 }") + DISCS, "thickness_mm and width_mm alone"),
        (HEAD + PLATE.replace(" }", ", tip_mm = 1, middle_mm = 0 }") + DISCS, "middle_mm or tip_mm, got both"),
        (HEAD + PLATE + DISCS.replace("[2, 3]", "[2, 1.5]"), r"grid.columns\[2\]: expected a whole number"),
        (HEAD + PLATE + DISCS.replace("[2, 3]", "[600, 600]"), "1000 contacts at most, got 1200"),
        (HEAD + PLATE + DISCS.replace("diameter_mm", "width_mm"), "diameter_mm alone as the size of a disc"),
        (HEAD + PLATE + DISCS.replace(" }", ", shift_mm = [1] }"), "a shift_mm for each of 2 columns, got 1"),
        (HEAD + PLATE + DISCS.replace(" }", ', names = ["a"] }'), "a name for each of 5 contacts, got 1"),
        (HEAD + PLATE + DISCS.replace("along_mm = 0.5", "along_mm = -0.5"), "contacts C1 and C2 overlap by 0.500 mm"),
        (HEAD + ROD + DISCS, "contact C1: outline: got disc on a cylinder, expected a ring"),
        (HEAD.replace("Mine", "") + PLATE + DISCS, "title: expected some text"),
        (HEAD.replace("my ruler", " ") + "verified = true\n" + PLATE + DISCS, "lead mine: source: expected some text"),
        (HEAD.replace("Mine", "\\u001b[31m") + PLATE + DISCS, "lead mine: title: expected text without control"),
        (HEAD.replace("[mine]", '["\\u001b[31m"]') + PLATE + DISCS, r"lead '\\x1b\[31m': name: expected letters"),
        (HEAD + '"\\u001b" = 1\n' + PLATE + DISCS, r"lead mine: '\\x1b': unknown key"),
        (HEAD + PLATE.replace("20", "30000") + DISCS, "lead mine: backing: length_mm: got 30000, .* in mm"),
        (HEAD + PLATE.replace(" }", ", radius_across_mm = 1.0 }") + DISCS, "mine: backing: radius_across_mm: got 1,"),
    ],
)
def test_mistakes_are_named_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says) as problem:
        read_catalogue(path)
    assert str(problem.value).startswith(f"{path}: ")
    assert str(problem.value).isprintable()


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        find_lead(tmp_path / "none.toml")
    with pytest.raises(InputError, match="cannot be read as a catalogue"):
        read_catalogue(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"[caf\xe9]")
    with pytest.raises(InputError, match="cannot be read as a catalogue"):
        read_catalogue(tmp_path / "latin.toml")


def test_a_byte_order_mark_does_no_harm(written: Path) -> None:
    written.write_bytes(b"\xef\xbb\xbf" + written.read_bytes())
    assert find_lead(written).name == "mine"

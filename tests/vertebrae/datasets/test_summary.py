"""Summaries of datasets: the published SPIDER tables, and rows of known counts."""

from dataclasses import replace

import pytest

from spinemodel.io.spider_tables import read_gradings, read_overview
from spinemodel.vertebrae.datasets.spider_rows import SpiderGrading, SpiderSeries
from spinemodel.vertebrae.datasets.spider_summary import disc_names, summarise_spider
from spinemodel.vertebrae.datasets.summary import Summary, spread
from spinemodel.vertebrae.datasets.verse_rows import Graded, LabelledScan, VerseScan
from spinemodel.vertebrae.datasets.verse_summary import summarise_verse
from tests.datasets import published_spider


def rows_of(summary: Summary, name: str) -> dict[str, dict[str, str]]:
    """The rows of a table by their first column."""
    (found,) = [table for table in summary.tables if table.name == name]
    return {next(iter(row.values())): row for row in found.rows}


def numbers(row: dict[str, str], *columns: str) -> list[float]:
    return [float(row[column]) for column in columns]


@pytest.fixture(scope="module")
def spider() -> Summary:
    folder = published_spider()
    overview, gradings = read_overview(folder / "overview.csv"), read_gradings(folder / "radiological_gradings.csv")
    return summarise_spider(overview.rows, gradings.rows, notes=[*overview.notes, *gradings.notes])


def test_published_spider_has_the_published_numbers(spider) -> None:
    assert {row["difference"] for row in rows_of(spider, "published").values()} == {"0"}
    subsets = rows_of(spider, "subsets")
    columns = ("series", "patients", "t1", "t2", "t2_SPACE")
    assert numbers(subsets["training"], *columns) == [360, 179, 158, 172, 30]
    assert numbers(subsets["validation"], *columns) == [87, 39, 38, 38, 11]
    assert numbers(subsets["all"], *columns) == [447, 218, 196, 210, 41]
    studies = rows_of(spider, "studies")
    assert sum(int(row["patients"]) for row in studies.values()) == 218
    assert sum(int(row["patients"]) for kinds, row in studies.items() if "t1" in kinds.split(" + ")) == 196


def test_published_spider_patients_and_scanners(spider) -> None:
    ages = rows_of(spider, "ages")
    assert numbers(ages["all"], "patients", "known", "mean", "SD", "min", "max") == [218, 41, 58.4, 16.7, 14, 84]
    assert numbers(ages["F"], "patients", "known") == [136, 23]
    assert numbers(ages["M"], "patients", "known") == [82, 18]
    scanners = next(table for table in spider.tables if table.name == "scanners").rows
    by_field = {tesla: sum(int(r["series"]) for r in scanners if r["field_T"] == tesla) for tesla in ("1.5", "3")}
    assert by_field == {"1.5": 253, "3": 194}
    structures = next(table for table in spider.tables if table.name == "structures").rows
    everything = [row for row in structures if row["subset"] == "all"]
    assert numbers(everything[0], "number", "vertebrae", "discs") == [447, 3125, 3147]
    assert numbers(everything[1], "number", "vertebrae", "discs") == [218, 1516, 1523]


def test_published_spider_findings(spider) -> None:
    assert numbers(rows_of(spider, "modic")["all"], *"0123") == [1006, 4, 503, 7]
    assert numbers(rows_of(spider, "pfirrmann")["all"], *"12345") == [286, 341, 418, 291, 184]
    discs = rows_of(spider, "discs")
    columns = ("discs", "spondylolisthesis", "herniation", "narrowing", "bulging")
    assert numbers(discs["all"], *columns) == [1520, 42, 72, 544, 746]
    assert [discs[level]["disc"] for level in "01267"] == ["-", "L5-S1", "L4-L5", "T12-L1", "T11-T12"]
    assert [int(discs[level]["discs"]) for level in "0123456789"] == [2, *[218] * 5, 217, 144, 55, 12]
    assert numbers(rows_of(spider, "endplates")["all"], "upper_endplate", "lower_endplate") == [614, 623]
    for name in ("modic", "discs", "endplates", "pfirrmann"):
        rows = rows_of(spider, name)
        for column in set(rows["all"]) - {"level", "disc"}:
            assert sum(int(row[column]) for key, row in rows.items() if key.isdigit()) == int(rows["all"][column])


def test_published_spider_differences(spider) -> None:
    told = "\n".join(spider.notes)
    for note in (
        "sex has blanks round it in 180 rows",
        "birth_date holds ages in years: of 41 patients (119 of 447 series)",
        "17 series named t2 were acquired in 3D",
        "series of one patient differ in numbers of vertebrae: patients 35, 57, 64, 98, 118, 161",
        "2 rows of IVD label 0, which no mask has (discs are 201 and above): patients 107, 152",
        "patient 107: graded IVD labels 0 to 6, the overview counts 7 discs, so perhaps numbered from 0",
    ):
        assert note in told
    assert "only in the" not in told
    assert "more than once" not in told


SERIES = SpiderSeries("3_t2", 3, "t2", 6, 5, "F", 40.0, "training")
DISC = SpiderGrading(3, 1, 0, False, False, False, False, False, True, 2)


def test_missing_and_doubled_rows_are_named() -> None:
    series = [SERIES, SERIES, replace(SERIES, name="4_t1", patient=4, sex="M", age=None, subset="")]
    gradings = [DISC, DISC, replace(DISC, level=3), replace(DISC, patient=9, modic=None, pfirrmann=None, bulging=None)]
    summary = summarise_spider(series, gradings)
    assert set(summary.notes) == {
        "birth_date holds ages in years: of 1 patients (2 of 3 series)",
        "series listed more than once, each row counted: 3_t2",
        "no subset stated for 4_t1",
        "discs graded more than once, each row counted: patient 3 label 1",
        "IVD labels leave out a disc between others: patient 3",
        "only in the overview: patient 4",
        "only in the gradings: patient 9",
        "patient 3: graded IVD labels 1, 3, the overview counts 5 discs",
    }
    assert rows_of(summary, "modic")["1"]["blank"] == "1"
    assert rows_of(summary, "modic")["3"]["blank"] == "0"
    assert rows_of(summary, "modic")["%"]["0"] == "100.0"
    assert numbers(rows_of(summary, "discs")["all"], "discs", "bulging") == [4, 3]
    assert rows_of(summary, "discs")["%"]["bulging"] == "100.0"


def test_contradictions_of_one_patient_are_named() -> None:
    series = [SERIES, replace(SERIES, name="3_t1", sex="M", age=41.0, subset="validation", num_discs=6)]
    notes = summarise_spider(series, []).notes
    for what in ("sex", "age", "subset", "numbers of discs"):
        assert f"series of one patient differ in {what}: patient 3" in notes


def test_tables_without_rows_are_left_out() -> None:
    assert {table.name for table in summarise_spider([], [DISC]).tables} == {"modic", "endplates", "discs", "pfirrmann"}
    bare = summarise_spider([SpiderSeries("3_t2", 3, "t2")], [])
    assert {table.name for table in bare.tables} == {"published", "subsets", "studies"}
    assert summarise_spider([], []).tables == ()
    assert summarise_verse([], []).tables == ()


def test_discs_are_named_from_a_stated_vertebra() -> None:
    assert [disc_names("L4")[n] for n in (1, 2, 5)] == ["L4-S1", "L3-L4", "T12-L1"]
    assert [disc_names("L6")[n] for n in (1, 2, 7)] == ["L6-S1", "L5-L6", "T12-L1"]
    summary = summarise_spider([], [DISC], lowest="L6")
    assert rows_of(summary, "modic")["1"]["disc"] == "L6-S1"
    assert all("if the lowest vertebra is L6" in table.title for table in summary.tables)


def test_spread_of_few_values() -> None:
    assert spread([]) == {"known": "0", "mean": "-", "SD": "-", "min": "-", "max": "-"}
    assert spread([1.0, 2.0, 4.0], 3)["SD"] == "1.528"


LABELLED = [
    LabelledScan("verse001", "sub-verse001", "sub-verse001", "training", (7, 8, 19, 28)),
    LabelledScan("verse002", "sub-verse009_split-verse002", "sub-verse009", "training", (20, 24, 25, 26)),
    LabelledScan("verse003", "sub-verse009_split-verse003", "sub-verse009", "test", (22, 23)),
]
SCANS = [
    VerseScan("verse001", "1", "Philips", bmd=100.0, fractures={"T1": Graded(0, 0), "T12": Graded(1, 1)}),
    VerseScan("verse002", "9", "Philips", "", 80.0, None, {"L1": Graded(1, 3), "L5": "foreign", "L6": Graded(3, 3)}),
    VerseScan("verse003", "9", "Siemens", bmd=90.0, fractures={"L3": Graded(2, 2), "L2": Graded(0, 0)}),
    VerseScan("verse004", "4", "", fractures={"L1": Graded(None, 1)}),
]


def test_verse_is_counted_by_split_region_and_grade() -> None:
    summary = summarise_verse(LABELLED, SCANS)
    scans = rows_of(summary, "scans")
    columns = ("scans", "patients", "vertebrae", "C", "T", "L", "T13", "L6")
    assert numbers(scans["training"], *columns) == [2, 2, 7, 1, 3, 3, 1, 1]
    assert numbers(scans["test"], *columns) == [1, 1, 2, 0, 0, 2, 0, 0]
    assert numbers(scans["all"], *columns) == [3, 2, 9, 1, 3, 5, 1, 1]
    findings = rows_of(summary, "findings")
    columns = ("scans", "graded", "fractured", "mild", "moderate", "severe", "foreign")
    assert numbers(findings["training"], *columns) == [2, 4, 3, 1, 0, 2, 1]
    assert numbers(findings["test"], *columns) == [1, 2, 1, 0, 1, 0, 0]
    assert numbers(findings["(not told)"], *columns) == [1, 1, 1, 1, 0, 0, 0]
    assert numbers(findings["all"], *columns) == [4, 7, 5, 2, 1, 2, 1]
    assert list(findings) == ["training", "test", "(not told)", "all"]


def test_verse_fractures_levels_scanners_and_density() -> None:
    summary = summarise_verse(LABELLED, SCANS)
    fractures = rows_of(summary, "fractures")
    grades = ("mild", "moderate", "severe", "all")
    assert {shape: numbers(row, *grades) for shape, row in fractures.items()} == {
        "wedge": [1, 0, 1, 2],
        "biconcave": [0, 1, 0, 1],
        "crush": [0, 0, 1, 1],
        "(blank)": [1, 0, 0, 1],
        "all": [2, 1, 2, 5],
    }
    levels = rows_of(summary, "levels")
    assert list(levels) == ["C7", "T1", "T12", "T13", "L1", "L2", "L3", "L4", "L5", "L6"]
    assert numbers(levels["L1"], "labelled", "graded", "fractured", "severe", "foreign") == [1, 2, 2, 1, 0]
    assert numbers(levels["L5"], "labelled", "graded", "foreign") == [1, 0, 1]
    scanners = rows_of(summary, "scanners")
    assert {device: numbers(row, "scans", "patients") for device, row in scanners.items()} == {
        "Philips": [2, 2],
        "Siemens": [1, 1],
    }
    density = rows_of(summary, "density")
    assert numbers(density["scans"], "known", "mean", "SD", "min", "max") == [3, 90, 10, 80, 100]
    assert numbers(density["patients"], "known", "mean") == [2, 90]


def test_verse_differences_are_named() -> None:
    challenge = LabelledScan("verse001", "verse001", "", "training", (40,))
    notes = set(summarise_verse([*LABELLED, challenge, replace(LABELLED[2], verse_id="GL1")], SCANS).notes)
    assert notes == {
        "files of one name in several folders, each counted: sub-verse009_split-verse003",
        "labels that are no vertebra of VerSe, not counted: verse001 (40)",
        "file names of the challenge do not tell patients, so they are not counted from labels",
        "scans of one patient differ in density: subjects 9",
        "1 scans without a row in the sheet: GL1",
        "1 rows of the sheet without a scan here: verse004",
        "1 vertebrae graded in the sheet and not labelled: verse003 L2",
    }


def test_published_numbers_stand_beside_the_whole_of_verse_2019() -> None:
    splits = ["training"] * 80 + ["validation"] * 40 + ["test"] * 40
    patients = [min(i, 140) for i in range(160)]
    labelled = [LabelledScan(f"verse{i:03d}", f"s{i}", f"p{patients[i]}", splits[i], (20,)) for i in range(160)]
    scans = [VerseScan(f"verse{i:03d}", str(patients[i]), fractures={"L1": Graded(1, 1)}) for i in range(160)]
    both = rows_of(summarise_verse(labelled, scans), "published")
    assert list(both) == [
        *("scans", "patients", "vertebrae", "cervical", "thoracic", "lumbar"),
        *("training scans", "validation scans", "test scans"),
        *("training vertebrae", "validation vertebrae", "test vertebrae"),
        *("fractured", "mild", "moderate", "severe", "foreign"),
    ]
    assert [both[name]["difference"] for name in ("scans", "patients", "test scans")] == ["0", "0", "0"]
    assert [both["lumbar"][c] for c in ("here", "published", "difference")] == ["160", "621", "-461"]
    assert both["foreign"]["difference"] == "-31"
    assert "fractured" not in rows_of(summarise_verse(labelled, scans[:-1]), "published")
    assert not any(table.name == "published" for table in summarise_verse(labelled[:-1], scans[:-1]).tables)

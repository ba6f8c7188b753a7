"""Markers compared: by subject, every pair of raters, and each with the consensus; the models where asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spinemodel.agreement.comparable import CONSENSUS
from spinemodel.agreement.correspondence import slices_of
from spinemodel.agreement.marker_agreement import MarkerAgreement, compare
from spinemodel.anatomy.annotation import Annotation, Source
from spinemodel.cli.show import step
from spinemodel.errors import BackendUnavailableError, InputError, SpineModelError
from spinemodel.io import agreement_tables as tables
from spinemodel.io.agreement_tables import ALL, Measured, number
from spinemodel.io.bids import find_subjects, read_subject, write_subject
from spinemodel.io.marker_tables import is_table, read_points
from spinemodel.io.tables import Row, write_rows
from spinemodel.report import agreement_figures as figures
from spinemodel.report.agreement_page import Findings, Picture, Section, Table
from spinemodel.vertebrae.datasets.summary import some

if TYPE_CHECKING:
    from collections.abc import Callable

    from spinemodel.anatomy.surface import Surface
    from spinemodel.arrays import FloatArray
    from spinemodel.cli.agree import Request

    Drawn = Mapping[str, Mapping[str, Annotation]]
    Built = Mapping[str, Surface]

MOST_ROWS: Final = 60
"""Most rows of a table on the page; its file has all. A choice: a page of paper."""

MOST_SERIES: Final = 6
"""Most pairs of raters that a chart tells apart, those of four raters. A choice: there are seven colours."""

TERMS: Final = {
    "Distance of a root": "The three-dimensional distance of corresponding points: those of one slice where both drew "
    "on the same slices, and at equal parts of the common length otherwise (column “paired by”). It is never negative: "
    "two raters who scatter about one line by s mm in either direction of a slice lie 1.77 s apart on average, "
    "without either being biased. The shift is the mean of second less first, which shows a bias.",
    "Mean, SD, n": "Of all n points together, over n - 1. Points of one root are neighbours and no independent "
    "samples, so intervals of the mean come from drawing whole subjects.",
    "Distance of contours": "Of the closed curves that a model is built through, in the slice: the mean of both "
    "directions, the largest (Hausdorff), and the 95 % quantile (Hausdorff 95).",
    "Dice": "Twice the common area over the sum of both areas.",
    "Consensus": "The mean of all raters. A rater is part of it, and lies nearer to it than to the truth: of two, each "
    "lies half of their distance from their mean.",
    "Exchanged levels": "Roots whose lines fit far better after exchanging names. Nothing is renamed: only a person "
    "can say who is right.",
}


def compare_markers(request: Request) -> Callable[[Path], Findings]:
    """Read and compare the markers; return what writes the findings into a folder."""
    drawn: dict[str, dict[str, Annotation]] = {}
    for rater, path in request.paths.items():
        with step(f"Reading {path}"):
            for annotation in _read(path, request):
                drawn.setdefault(annotation.subject, {})[rater] = annotation
    several = {subject: by for subject, by in sorted(drawn.items()) if len(by) > 1}
    if not several:
        held = "; ".join(f"{r} has {some(s for s, by in drawn.items() if r in by) or 'none'}" for r in request.paths)
        raise InputError(f"no subject that two raters drew: {held}; compare drawings of the same subjects")
    found = {}
    for subject, by in several.items():
        with step(f"Comparing {subject}"):
            try:
                found[subject] = compare(by)
            except SpineModelError as problem:
                raise type(problem)(f"{subject}: {problem}") from None
    return partial(_report, request, drawn, found)


def _read(path: Path, request: Request) -> Iterator[Annotation]:
    """Yield what one rater drew, of the subjects that are asked for."""
    wanted = {name if name.startswith("sub-") else f"sub-{name}" for name in request.subjects}
    if is_table(path):
        by_subject = read_points(path, frame=request.frame, unit=request.unit)
        yield from (each for name, each in by_subject.items() if not wanted or name in wanted)
        return
    yield from (read_subject(path, name) for name in sorted(find_subjects(path)) if not wanted or name in wanted)


def _report(request: Request, drawn: Drawn, found: Mapping[str, MarkerAgreement], folder: Path) -> Findings:
    """Write consensus, figures and models, and return tables and page."""
    for subject, agreement in found.items():
        write_subject(agreement.consensus.annotation, folder / "consensus" / subject)
        write_rows(folder / "consensus" / f"{subject}_spread.tsv", tables.spread_rows(agreement.consensus.spread))
    roots, ganglia = tables.measured_roots(found), tables.measured_ganglia(found)
    rows = {
        "roots_points": tables.root_point_rows(found),
        "roots": tables.root_rows(found),
        "roots_pooled": tables.pooled_rows(roots, request.draws),
        "contours": tables.contour_rows(found),
        "contours_pooled": tables.contour_pooled_rows(found, request.draws),
        "ganglia_pooled": tables.pooled_rows(ganglia, request.draws),
        "absent": tables.absent_rows(found),
        "exchanged": tables.swap_rows(found),
    }
    rows["yardsticks"] = tables.yardstick_rows(_measures(rows), _slice_spacing(drawn))
    alone = [
        f"{subject}: drawn by {next(iter(by))} alone; not compared" for subject, by in drawn.items() if len(by) == 1
    ]
    pictures, missing = _pictures(folder, roots, ganglia, found) if request.figures else ({}, ())
    rows["models"], maps, unbuilt = _models(request, drawn, found, folder) if request.models else ([], (), ())
    sections = _sections(rows, found, pictures, alone)
    if request.models:
        caption = "Distance of every vertex of the first one's surface from the second one's surface"
        text = [
            "Each annotation was built into a model by itself. Colours show the distance of every vertex to the other "
            "model; models/*.vtp hold it as distance_mm, and as signed_mm, positive outside the other. Below the "
            "contours the sac is continued along the ganglia, and the roots to them, so that ganglia move both there.",
            *unbuilt,
        ]
        sections.insert(5, Section("Models", text, maps, [Table("models", caption, rows["models"])]))
    sources: dict[str, list[Source]] = {rater: [] for rater in request.paths}
    for by in drawn.values():
        for rater, annotation in by.items():
            sources[rater] += [each for each in annotation.sources if each not in sources[rater]]
    own = [f"{subject}: {note}" for subject, each in found.items() for note in each.notes]
    columns = ("first", "second", "level", "mean_mm", "sd_mm", "largest_mm", "n")
    between = [row for row in rows["roots_pooled"] if row["second"] != CONSENSUS]
    chosen = [row for row in between if row["first"] == ALL] or between
    pooled = [row for row in chosen if row["subject"] == row["side"] == ALL]
    shown = [{column: row[column] for column in columns} for row in pooled]
    notes = [*alone, *own, *_told(rows, found), *_same(sources), *missing, *unbuilt]
    return Findings(rows, sections, sources, list(found), ("Distances of roots", shown), notes)


def _told(rows: Mapping[str, Sequence[Row]], found: Mapping[str, MarkerAgreement]) -> list[str]:
    """Return what is missing, in short, and which levels look exchanged."""
    absent = len(rows["absent"])
    missing = [f"{absent} entries of what one drew and another did not: absent.tsv"] if absent else []
    return [*missing, *(f"{subject}: {swap}" for subject, agreement in found.items() for swap in agreement.swaps)]


def _same(sources: Mapping[str, Sequence[Source]]) -> list[str]:
    """Return a note on raters whose files are the same."""
    hashes = {rater: sorted(each.sha256 for each in files) for rater, files in sources.items()}
    return [f"{a} and {b}: their files are the same" for a, b in combinations(hashes, 2) if hashes[a] == hashes[b]]


def _measures(rows: Mapping[str, Sequence[Row]]) -> dict[str, float]:
    """Return mean and largest distance between raters, of roots, contours and ganglia."""
    found: dict[str, float] = {}
    for name, title in (("roots_pooled", "roots"), ("contours_pooled", ""), ("ganglia_pooled", "ganglia")):
        for row in _whole(rows[name]):
            what = f"{title or row['structure']}, {_who(row)}"
            found |= {f"{what}, {each}": _value(row[f"{each}_mm"]) for each in ("mean", "largest")}
    return found


def _whole(rows: Sequence[Row]) -> list[Row]:
    """Return what is pooled over all but the raters: every pair of them, or where there are several, all together."""
    pooled = [row for row in rows if row["second"] != CONSENSUS and {row["subject"], row["level"]} == {ALL}]
    whole = [row for row in pooled if row.get("side", ALL) == ALL]
    return [row for row in whole if row["first"] == ALL] or whole


def _who(row: Row) -> str:
    return "all pairs" if row["first"] == ALL else f"{row['first']} and {row['second']}"


def _value(text: str) -> float:
    return float("nan") if text == tables.NONE else float(text)


def _slice_spacing(drawn: Drawn) -> dict[str, float]:
    """Return the usual distance of slices, where any annotation tells it."""
    steps = [slices_of(annotation).spacing_mm for by in drawn.values() for annotation in by.values()]
    known = [step for step in steps if isfinite(step)]
    return {"slice": float(np.median(known))} if known else {}


def _pictures(
    folder: Path, roots: Sequence[Measured], ganglia: Sequence[Measured], found: Mapping[str, MarkerAgreement]
) -> tuple[dict[str, list[Picture]], tuple[str, ...]]:
    """Draw the charts; return them by section, and a note where they cannot be drawn."""
    home = folder / "figures"
    to_mean = [item for item in roots if item.raters[1] == CONSENSUS]
    between, marked = _between(roots), _between(ganglia)
    many = max(len(a.pairs) for a in found.values()) > MOST_SERIES
    contours = {s: [each for each in a.contours if (each.raters[1] == CONSENSUS) == many] for s, a in found.items()}
    made: dict[str, list[Picture]] = {"roots": [], "contours": [], "ganglia": []}
    try:
        if between:
            ylabel = "distance between raters, mm"
            figures.draw_levels(home / "roots_levels.svg", between, ylabel)
            figures.draw_levels(home / "roots_consensus.svg", to_mean, "distance from the consensus, mm")
            figures.draw_subjects(home / "roots_subjects.svg", between, ylabel)
            drawn = {
                "roots_levels": "Distance of roots between raters by level and side",
                "roots_consensus": "Distance of each rater's roots from the consensus",
                "roots_subjects": "Distance of roots, all subjects together",
            }
            made["roots"] = [_picture(home / f"{n}.svg", what, "roots_pooled") for n, what in drawn.items()]
        if contours := {subject: each for subject, each in contours.items() if each}:
            figures.draw_contours(home / "contours.svg", contours)
            caption = f"Mean distance of the contours{' from the consensus' * many}, slice by slice"
            alt = f"{caption}, as lines over the height; the numbers are in contours.tsv."
            made["contours"] = [Picture(home / "contours.svg", f"{caption}.", alt)]
        if any(len(item.distances) for item in marked):
            figures.draw_levels(home / "ganglia_levels.svg", marked, "distance between raters, mm")
            caption = "Distance of ganglia between raters by level and side"
            made["ganglia"] = [_picture(home / "ganglia_levels.svg", caption, "ganglia_pooled")]
    except BackendUnavailableError as missing:
        return made, (f"figures left out: {missing}",)
    return made, ()


def _between(items: Sequence[Measured]) -> list[Measured]:
    """Return the distances between raters; of many pairs as one series, which could not be told apart."""
    own = [item for item in items if item.raters[1] != CONSENSUS]
    if len({item.raters for item in own}) <= MOST_SERIES:
        return own
    return [item._replace(raters=(ALL, ALL)) for item in own]


def _picture(path: Path, what: str, table: str) -> Picture:
    how = "Marks and bars: mean and SD of all points; small dots: the mean of each subject, where there are several"
    return Picture(path, f"{what}. {how}.", f"{what}, mean and SD; the numbers are in the table {table}.")


def _sections(
    rows: Mapping[str, Sequence[Row]],
    found: Mapping[str, MarkerAgreement],
    pictures: Mapping[str, Sequence[Picture]],
    alone: Sequence[str],
) -> list[Section]:
    """Return the parts of the page."""
    raters = list(dict.fromkeys(rater for agreement in found.values() for rater in agreement.raters))
    lead = [
        f"{len(found)} subject{'s' * (len(found) > 1)} ({some(found)}) as drawn by {', '.join(raters)}: every two of "
        "them are compared, and each with the consensus of all, which comes second in the tables.",
        *_key_lines(rows),
    ]
    ends = "Low and high: interval of the mean over subjects"
    rods = (
        f"A paddle is {tables.PADDLE_MM:g} mm wide (Specify 5-6-5, as Liu et al. 2024 state it), one of its contacts "
        f"{tables.CONTACT_MM:g} mm (common knowledge, not read in a document of the vendor); the distance of slices is "
        "that of the drawings themselves."
    )
    notes = [f"{subject}: {note}" for subject, each in found.items() for note in each.consensus.annotation.notes]
    return [
        Section("In short", lead),
        Section("Does it matter", [rods], tables=[_table("yardsticks", "Differences beside yardsticks", rows)]),
        Section("Roots", (), pictures.get("roots", ()), [
            _table("roots_pooled", f"Distance of roots pooled by level, side and subject. {ends}", rows),
            _table("roots", "Distance of every root, of every pair", rows),
        ]),
        Section("Contours of cord and dura", (), pictures.get("contours", ()), [
            _table("contours_pooled", f"Contours pooled by spinal segment and subject. {ends}", rows),
        ]),
        Section("Ganglia", (), pictures.get("ganglia", ()), [
            _table("ganglia_pooled", f"Distance of ganglia pooled by level, side and subject. {ends}", rows),
        ]),
        Section("Missing and exchanged", items=alone, tables=[
            _table("absent", "What one rater drew and another did not; it is in no distance", rows),
            _table("exchanged", "Roots that look to have exchanged names, with the mean distance of their lines", rows),
        ]),
        Section("Consensus", ["Written to consensus/ as marker files that spinemodel build reads, with the spread of "
                              "every point beside them."], items=notes),
        Section("What the words mean", terms=TERMS),
    ]


def _key_lines(rows: Mapping[str, Sequence[Row]]) -> list[str]:
    """Return what matters most, a sentence each."""
    lines = []
    for row in _whole(rows["roots_pooled"]):
        known = row["low"] != tables.NONE
        ends = f"95 % interval {row['low']} to {row['high']} mm" if known else f"no interval: {row['reason']}"
        lines.append(
            f"Roots of {_who(row)} lie {row['mean_mm']} mm apart on average (SD {row['sd_mm']} mm, largest "
            f"{row['largest_mm']} mm, {row['n']} points; {ends})."
        )
    absent, swaps = len(rows["absent"]), len(rows["exchanged"])
    lines.append(
        f"What one drew and another did not: {absent or 'nothing'}{' entries below' if absent else ''}. Exchanged "
        f"levels: {swaps or 'none'} suspected."
    )
    return lines


def _table(name: str, caption: str, rows: Mapping[str, Sequence[Row]]) -> Table:
    """Return a table as the page shows it: raters with the consensus only pooled, and where it is long, its start."""
    every = rows[name]
    held = [
        row
        for row in every
        if row.get("second") != CONSENSUS or {row.get(key) for key in ("subject", "level", "side")} <= {ALL, None}
    ]
    more = len(every) - len(held[:MOST_ROWS])
    return Table(name, f"{caption}. {more} more rows are in {name}.tsv" if more else caption, held[:MOST_ROWS])


def _models(
    request: Request, drawn: Drawn, found: Mapping[str, MarkerAgreement], folder: Path
) -> tuple[list[Row], list[Picture], list[str]]:
    """Build every annotation, and map how far each two models lie apart; say which cannot be built."""
    from spinemodel.anatomy.build import build

    rows: list[Row] = []
    pictures: list[Picture] = []
    notes: list[str] = []
    for subject in found:
        built: dict[str, Built] = {}
        for rater, annotation in drawn[subject].items():
            try:
                with step(f"Building {subject} of {rater}"):
                    built[rater] = build(annotation).surfaces
            except SpineModelError as problem:
                notes.append(f"{subject}: no model of {rater}: {problem}")
        for first, second in combinations(built, 2):
            own, picture = _map(folder, subject, (first, second), built, request, notes)
            rows, pictures = rows + own, pictures + picture
    return rows, pictures, notes


def _map(
    folder: Path, subject: str, raters: tuple[str, str], built: Mapping[str, Built], request: Request, notes: list[str]
) -> tuple[list[Row], list[Picture]]:
    """Write how far the first one's surfaces lie from the second one's; return rows and the picture."""
    from spinemodel.anatomy.proximity import Proximity, signed_distance

    one, other = (built[rater] for rater in raters)
    signed = {n: signed_distance(Proximity(other[n]), one[n].vertices)[0] for n in one if n in other}
    distances = {name: np.abs(values) for name, values in signed.items()}
    stem = "_".join([subject, *("".join(c for c in rater if c.isalnum() or c in "-.") for rater in raters)])
    _write_map(folder / "models" / f"{stem}_distances.vtp", {n: one[n] for n in signed}, signed)
    rows = [
        {
            "subject": subject,
            "first": raters[0],
            "second": raters[1],
            "structure": name,
            "mean_mm": number(float(values.mean())),
            "p95_mm": number(float(np.quantile(values, 0.95))),
            "largest_mm": number(float(values.max())),
            "vertices": str(len(values)),
        }
        for name, values in distances.items()
    ]
    if not request.figures:
        return rows, []
    path, title = folder / "figures" / f"{stem}_models.png", f"{subject}: {raters[0]}, distance from {raters[1]}"
    try:
        figures.draw_models(path, {name: one[name] for name in signed}, distances, title)
    except BackendUnavailableError as missing:
        notes.append(f"map left out: {missing}")
        return rows, []
    alt = f"{title}: the model's surfaces in colours of the distance; the numbers are in the table models."
    caption = f"{title}, in colours up to the 99 % quantile of all vertices. Bars are 20 mm long."
    return rows, [Picture(path, caption, alt)]


def _write_map(path: Path, surfaces: Built, signed: Mapping[str, FloatArray]) -> None:
    """Write surfaces as one VTP with the distances of their vertices, RAS+ mm, and each face's structure."""
    import pyvista

    from spinemodel.io.files import atomic

    starts = np.cumsum([0, *(len(surface.vertices) for surface in surfaces.values())])
    faces = np.vstack([surface.faces + start for surface, start in zip(surfaces.values(), starts, strict=False)])
    mesh = pyvista.PolyData.from_regular_faces(np.vstack([each.vertices for each in surfaces.values()]), faces)
    values = np.concatenate([signed[name] for name in surfaces])
    mesh.point_data["distance_mm"], mesh.point_data["signed_mm"] = np.abs(values), values
    numbers = [np.full(len(surface.faces), place, np.int32) for place, surface in enumerate(surfaces.values())]
    mesh.cell_data["structure"] = np.concatenate(numbers)
    mesh.field_data["structures"], mesh.field_data["SPACE"] = list(surfaces), ["RAS"]
    with atomic(path) as temporary:
        mesh.save(temporary)

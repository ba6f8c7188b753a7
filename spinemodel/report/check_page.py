"""What `check` finds, as tables that are printed and, cell by cell the same, stand on one HTML page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from spinemodel.anatomy.audit import Audit
from spinemodel.anatomy.fidelity import Fidelity
from spinemodel.anatomy.gaps import Gap
from spinemodel.anatomy.model_quality import ModelQuality
from spinemodel.anatomy.relations import Relations
from spinemodel.anatomy.root_quality import Point
from spinemodel.io.tables import Row
from spinemodel.report.page import Picture, Section, Table

NONE: Final = "n/a"

LevelAt: TypeAlias = Callable[[Point], str]
"""The name of the level beside a place."""

FIGURES: Final = {
    "model": "The model from behind, from the left and obliquely, and the roots' entries",
    "fidelity": "Every marker in the colour of its distance from the model",
    "sections": "Sections of the tissues",
    "rootlets": "The rootlets",
    "vertebrae": "The vertebrae that were given, beside the dura",
}
"""What the pictures of a model show, by the end of their name."""


def surface_table(audited: Audit) -> Table:
    """Return one row per surface with what was measured."""
    rows = [
        {
            "structure": name,
            "closed": "yes" if check.open_edges == check.branching_edges == 0 else "no",
            "parts": str(check.components),
            "faces": str(check.faces),
            "mm3": f"{check.volume_mm3:.1f}",
            "mm2": f"{check.area_mm2:.1f}",
            "cuts": str(check.self_intersections),
            "angle": f"{check.least_angle_deg:.0f}",
            "promises": "broken" if check.failures else "kept",
        }
        for name, check in audited.surfaces.items()
    ]
    caption = "Surfaces (cuts: pairs of faces that intersect; angle: least of any triangle, degrees)"
    return Table("surfaces", caption, rows)


def relation_table(relations: Relations) -> Table:
    """Return one row per root with how it lies to cord and dura."""
    rows = []
    for name, root in relations.roots.items():
        others = [pair for pair in relations.root_overlaps_mm3 if name in pair.split(" & ")]
        enters, crosses = ("-" if n is None else str(n) for n in (root.cord_crossings, root.dura_crossings))
        row = {"root": name, "enters the cord": enters, "depth mm": f"{root.stub_mm:.2f}", "crosses the dura": crosses}
        rows.append(row | {"overlaps with": ", ".join(others) or "none"})
    return Table("relations", "Roots", rows)


def fidelity_table(fidelity: Mapping[str, Fidelity], name: str, where: str) -> Table:
    """Return the distances of markers; ``where`` says how they are known."""
    rows = [
        {
            "structure": structure,
            "markers": str(row.markers),
            "mean mm": f"{row.mean_mm:.3f}",
            "95 % mm": f"{row.p95_mm:.3f}",
            "max mm": f"{row.max_mm:.3f}",
        }
        for structure, row in fidelity.items()
    ]
    return Table(name, f"Markers, {where} (cord and dura: distance to the surface; roots: to the centreline)", rows)


def quality_tables(quality: ModelQuality, level: LevelAt, segment: LevelAt) -> dict[str, list[Table]]:
    """Return the tables of clearances, of entries and exits, and of smoothness, by the title of their section.

    Parameters
    ----------
    quality
        As measured.
    level, segment
        The vertebra or disc, and the spinal segment, beside a place.
    """
    least = [
        {"between": name, "least mm": f"{gap.mm:.2f}", "level": level(gap.at), "z mm": f"{gap.at[2]:.1f}"}
        for name, gap in quality.gaps.items()
    ]
    gaps = "Clearances (the least; roots: of all, from the cord beyond 6 mm, from the dura up to 6 mm before the exit)"
    entries = "Entries into the cord (slant: angle to its surface, degrees)"
    exits = "Exits through the dura (slant: angle to it, degrees; along: mm from the entry)"
    own = "Clearances of each root, and the level where each is"
    bends = "Bends of the roots (1/mm; entry: first 6 mm; radius, at: tightest bend beyond; fold: tubes fold at 1)"
    return {
        "Clearances": [Table("clearances", gaps, least), Table("root-clearances", own, _root_gaps(quality, level))],
        "Entries and exits": [
            Table("entries", entries, _entries(quality, segment)),
            Table("exits", exits, _exits(quality, level)),
        ],
        "Smoothness of roots": [Table("smoothness", bends, _bends(quality))],
    }


def _root_gaps(quality: ModelQuality, level: LevelAt) -> list[Row]:
    """Return the gaps of each root."""
    rows = []
    for name, root in quality.roots.items():
        row = {"root": name, "nearest": root.nearest or NONE}
        for what, gap in (("root", root.to_root), ("cord", root.to_cord), ("dura", root.to_dura)):
            row |= {f"{what} mm": _mm(gap), f"by {what}": level(gap.at) if gap else NONE}
        rows.append(row)
    return rows


def _mm(gap: Gap | None) -> str:
    return NONE if gap is None else f"{gap.mm:.2f}"


def _number(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:.{digits}f}"


def _place(place: Point | None) -> Row:
    return {f"{axis} mm": _number(place[i] if place else None, 1) for i, axis in enumerate("xyz")}


def _entries(quality: ModelQuality, segment: LevelAt) -> list[Row]:
    """Return where each root enters the cord."""
    return [
        {"root": name, **_place(root.course.entry), "segment": segment(root.course.entry)}
        | {"off mm": _number(_unsigned(root.course.entry_off_mm), 3), "slant": _number(root.course.entry_deg, 0)}
        for name, root in quality.roots.items()
    ]


def _unsigned(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _exits(quality: ModelQuality, level: LevelAt) -> list[Row]:
    """Return where each root passes through the dura."""
    return [
        {"root": name, **_place(course.exit), "level": level(course.exit) if course.exit else NONE}
        | {"slant": _number(course.exit_deg, 0), "along mm": _number(course.exit_s_mm, 1)}
        | {"length mm": f"{quality.roots[name].shape.length_mm:.1f}"}
        for name, course in ((name, root.course) for name, root in quality.roots.items())
    ]


def _bends(quality: ModelQuality) -> list[Row]:
    """Return how each root bends."""
    rows = []
    for name, root in quality.roots.items():
        shape = root.shape
        radius = f"{shape.least_radius_mm:.1f}" if shape.most > 0 else NONE
        row = {"root": name, "RMS": f"{shape.rms:.3f}", "max": f"{shape.most:.3f}"}
        row |= {"entry": f"{shape.most_at_entry:.3f}", "radius mm": radius, "at mm": f"{shape.bend_s_mm:.1f}"}
        row |= {"drawn": "yes" if shape.bend_drawn else "no", "fold": f"{shape.fold:.2f}"}
        rows.append(row | {"deg/mm": f"{shape.turn_deg_per_mm:.2f}"})
    return rows


def check_sections(
    subject: str,
    tables: Mapping[str, Sequence[Table]],
    failures: Sequence[str],
    notes: Sequence[str] = (),
    pictures: Sequence[Path] = (),
) -> list[Section]:
    """Return the sections of a model on the page, its verdict first.

    Parameters
    ----------
    subject
        Stands before every title and in the id of every table.
    tables
        By the title of their section.
    failures
        Broken promises, one phrase each.
    notes
        One sentence each.
    pictures
        PNG files, named ``<subject>_<what>.png``.
    """
    verdict = f"{len(failures)} promises are broken:" if failures else "every promise is kept"
    named = {
        title: [Table(f"{subject}-{table.name}", table.caption, table.rows) for table in group]
        for title, group in tables.items()
    }
    shown = [_picture(subject, path) for path in pictures]
    return [
        Section(f"{subject}: promises", text=[verdict], items=[*failures, *(f"note: {note}" for note in notes)]),
        *(Section(f"{subject}: {title.lower()}", tables=group) for title, group in named.items()),
        *([Section(f"{subject}: pictures", pictures=shown)] if shown else []),
    ]


def _picture(subject: str, path: Path) -> Picture:
    what = path.stem.removeprefix(f"{subject}_")
    told = FIGURES.get(what, what)
    return Picture(path, f"{subject}. {told}.", f"{told}, {subject}")

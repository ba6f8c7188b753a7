"""``spinemodel check``: whether the promises are kept, and how good the model is beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinemodel.cli.show import console, print_table, say, step
from spinemodel.errors import BackendUnavailableError, GeometryError, InputError

if TYPE_CHECKING:
    from spinemodel.anatomy.surface import Surface
    from spinemodel.report.page import Section, Table


@dataclass
class _Found:
    """What came of one model or mesh."""

    name: str
    surfaces: dict[str, Surface]
    failures: tuple[str, ...] = ()
    tables: dict[str, list[Table]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    figures: list[Path] = field(default_factory=list)


def check(
    path: Annotated[Path, typer.Argument(help="A model folder, or a mesh file (stl, ply, obj, glb, vtp, gii).")],
    markers: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Marker files: measure their distances from the model again.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write tables and pictures as one self-contained page.")
    ] = None,
) -> None:
    """Check that surfaces are closed, consistent, free of self-intersections and of overlap; exit 1 where not.

    In a model folder: the hashes of its meshes and centrelines, every surface, overlaps between them, the entries and
    exits of the roots, and whether the tissues, where it has any, part space without gap or overlap. Beside these
    promises it tells the distances of the markers, the clearances, and how the roots run and bend.

    Example: spinemodel check models

    Example: spinemodel check models/sub-03 --markers lumbosacral --page sub-03.html

    Example: spinemodel check my_mesh.stl
    """
    from spinemodel.io.model import find_models

    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    _require_page(page, path)
    _require_markers(markers, path)
    broken: list[str] = []
    sections: list[Section] = []
    with ExitStack() as rooms:
        for part in find_models(path) if path.is_dir() else [path]:
            found = _model(part, markers) if part.is_dir() else _mesh(part)
            if found.failures:
                broken.append(f"{part}: {'; '.join(found.failures)}")
            if page:
                sections += _sections(found, Path(rooms.enter_context(TemporaryDirectory())))
        if page:
            _write(page, sections)
    if broken:
        raise GeometryError(" | ".join(broken))
    console.print("every promise is kept")


def _require_page(page: Path | None, path: Path) -> None:
    """Refuse a page that is no HTML file, or would replace what is checked."""
    if page is None:
        return
    from spinemodel.cli.outputs import require_free
    from spinemodel.io.model import find_models

    if page.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"--page {page}: expected the name of an HTML file, such as check.html")
    require_free([page], find_models(path) if path.is_dir() else [path])


def _require_markers(markers: Path | None, path: Path) -> None:
    """Refuse markers for a mesh, or without a model's subject, or unreadable ones, before anything is measured."""
    if markers is None:
        return
    from spinemodel.io.bids import read_subject
    from spinemodel.io.model import find_models, read_record

    if not path.is_dir():
        raise InputError(f"--markers: {path} is a mesh file; expected a model folder to measure them from")
    if not markers.exists():
        raise InputError(f"--markers {markers}: no such folder; expected marker files of the model's subject")
    for folder in find_models(path):
        with step(f"Reading the markers for {folder}"):
            read_subject(markers, read_record(folder)["subject"])


def _mesh(path: Path) -> _Found:
    """Check a mesh file and print what was found."""
    from spinemodel.io.surfaces import read_surface

    with step(f"Reading {path}"):
        surfaces = {path.stem: read_surface(path, space="file")}
    found = _Found(path.stem, surfaces)
    _audit(found)
    return found


def _audit(found: _Found) -> bool:
    """Check the surfaces, print what was found and say whether all are closed."""
    from spinemodel.anatomy.audit import audit
    from spinemodel.report.check_page import relation_table, surface_table

    with step("Checking"):
        checked = audit(found.surfaces)
    found.failures = checked.failures
    tables = [surface_table(checked)]
    if checked.relations and checked.relations.roots:
        tables.append(relation_table(checked.relations))
    _show(found, "Surfaces", tables)
    return checked.relations is not None


def _show(found: _Found, title: str, tables: Sequence[Table]) -> None:
    """Print tables and keep them for the page."""
    found.tables[title] = list(tables)
    for table in tables:
        print_table(table.caption, table.rows)


def _model(folder: Path, markers: Path | None) -> _Found:
    """Check a model folder and print what was found."""
    from spinemodel.io.model import read_record, read_surfaces
    from spinemodel.io.tissues import check_tissues

    with step(f"Reading {folder}"):
        surfaces, record = read_surfaces(folder), read_record(folder)
    found = _Found(str(record.get("subject", folder.name)), surfaces)
    found.figures = sorted((folder / "figures").glob(f"{found.name}_*.png"))
    closed = _audit(found)
    if "partition" in record:
        with step("Checking the tissues"):
            found.failures += check_tissues(folder, record)
        console.print(f"{len(record['tissues'])} tissues part {record['partition']['domain_mm3'] / 1000:.0f} cm3")
    _measure(found, folder, record, markers, closed)
    for note in found.notes:
        say(f"note: {note}")
    return found


def _measure(found: _Found, folder: Path, record: dict[str, Any], markers: Path | None, closed: bool) -> None:
    """Tell the fidelity to the markers and, where all surfaces are closed, clearances and the courses of the roots."""
    from spinemodel.anatomy.model_quality import model_quality, remeasured
    from spinemodel.io.model_quality import level_at, read_as_built, read_stated
    from spinemodel.report.check_page import fidelity_table, quality_tables

    with step("Reading centrelines and levels"):
        stated = read_stated(folder, record)
    found.notes += stated.notes
    tables = [fidelity_table(stated.fidelity, "fidelity", "as stated")] if stated.fidelity else []
    if markers:
        with step(f"Measuring the markers in {markers}"):
            drawn = read_as_built(markers, record, stated.levels)
            again = remeasured(drawn, found.surfaces, stated.centrelines)
        found.notes += drawn.notes
        tables.append(fidelity_table(again, "fidelity-measured", "measured again"))
    _show(found, "Fidelity", tables)
    if not closed:
        found.notes.append("clearances and the courses of roots are left out: a surface is not closed")
        return
    with step("Measuring clearances and roots"):
        bone = stated.levels.tissues.get("Bone") if stated.levels else None
        quality = model_quality(found.surfaces, stated.centrelines, bone)
    levels = stated.levels
    named = quality_tables(
        quality, lambda place: level_at(levels, place), lambda place: level_at(levels, place, spinal=True)
    )
    for title, group in named.items():
        _show(found, title, group)


def _sections(found: _Found, room: Path) -> list[Section]:
    """Return the sections of the page; a model without figures is drawn anew, into ``room``."""
    from spinemodel.report.check_page import check_sections
    from spinemodel.report.render import render_model

    if not found.figures:
        path = room / f"{found.name}_model.png"
        try:
            with step("Drawing"):
                render_model(path, found.surfaces, title=found.name)
            found.figures = [path]
        except BackendUnavailableError as missing:
            found.notes.append(f"no picture: {missing}")
    return check_sections(found.name, found.tables, found.failures, found.notes, found.figures)


def _write(page: Path, sections: Sequence[Section]) -> None:
    """Write the page and say where it is."""
    from spinemodel.report.page import write_page

    write_page(page, "Quality of models", sections)
    say(str(page))

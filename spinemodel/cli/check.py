"""``spinemodel check``: whether the promises are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemodel.cli.show import console, print_checks, print_relations, step
from spinemodel.errors import GeometryError, InputError


def check(
    path: Annotated[Path, typer.Argument(help="A model folder, or a mesh file (stl, ply, obj, glb, vtp, gii).")],
) -> None:
    """Check that surfaces are closed, consistent, free of self-intersections and of overlap; exit 1 where not.

    In a model folder: the hashes of its meshes and centrelines, every surface, overlaps between them, the entries and
    exits of the roots, and whether the tissues, where it has any, part space without gap or overlap.

    Example: spinemodel check models

    Example: spinemodel check my_mesh.stl
    """
    from spinemodel.anatomy.audit import audit
    from spinemodel.io.model import find_models, read_record, read_surfaces
    from spinemodel.io.surfaces import read_surface
    from spinemodel.io.tissues import check_tissues

    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    broken: list[str] = []
    for part in find_models(path) if path.is_dir() else [path]:
        with step(f"Reading {part}"):
            surfaces = read_surfaces(part) if part.is_dir() else {part.stem: read_surface(part, space="file")}
        with step("Checking"):
            checked = audit(surfaces)
        print_checks(checked)
        if checked.relations and checked.relations.roots:
            print_relations(checked.relations)
        failures = checked.failures
        if part.is_dir() and "partition" in (record := read_record(part)):
            with step("Checking the tissues"):
                failures += check_tissues(part, record)
            console.print(f"{len(record['tissues'])} tissues part {record['partition']['domain_mm3'] / 1000:.0f} cm3")
        if failures:
            broken.append(f"{part}: {'; '.join(failures)}")
    if broken:
        raise GeometryError(" | ".join(broken))
    console.print("every promise is kept")

"""``spinemodel overlap``: how much of two shapes is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from spinemodel.cli.field_of_view import about, grid_round, tell_beyond
from spinemodel.cli.outputs import require_free
from spinemodel.cli.pairs import LabelOption, StructureOption, match, read_pair
from spinemodel.cli.show import say, step
from spinemodel.cli.tables import print_rows
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.io.tables import Row, write_rows

if TYPE_CHECKING:
    from spinemodel.io.shapes import Parts
    from spinemodel.volume.grid import Grid
    from spinemodel.volume.spans import Spans

SPACING: Final = "0.5"
"""Size of the voxels that two meshes are compared on, mm. A choice: fine beside the cord, coarse beside a root."""

NUMBERS: Final = ("A cm3", "B cm3", "both cm3", "Dice", "Jaccard")


def overlap(
    a: Annotated[Path, typer.Argument(help="A model folder, a mesh file or a NIfTI mask.")],
    b: Annotated[Path, typer.Argument(help="Another; two masks must have the same voxels.")],
    spacing: Annotated[
        str | None, typer.Option(metavar="MM", help=f"Size of the voxels, mm, where neither is a mask: {SPACING}.")
    ] = None,
    structure: StructureOption = None,
    label: LabelOption = None,
    every: Annotated[bool, typer.Option("--all", help="Compare every part with every part.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the table as a TSV file.")] = None,
) -> None:
    """Print Dice, Jaccard and volumes of parts of one name, each part by itself.

    Meshes are compared on the voxels of the mask, two meshes on voxels of the given size. Dice is twice the common
    volume over the sum of both, Jaccard the common volume over the union. A mesh counts whole, a mask's label as it
    is: in a volume of a whole model the sac's label lacks the cord.

    Example: spinemodel overlap rater1_dseg.nii.gz rater2_dseg.nii.gz

    Example: spinemodel overlap models/sub-03 sub-03_seg-cord_mask.nii.gz --structure Cord --label 1

    Example: spinemodel overlap models/sub-03 other/sub-03 --spacing 0.3 --out overlap.tsv
    """
    require_free([out] if out else [], [a, b])
    with step(f"Reading {a} and {b}"):
        one, other = read_pair(a, b, structure, label, _shared_space(a, b))
        pairs = match(one, other, chosen=bool(structure or label)) if not every else []
        grid = _grid(one, other, spacing)
    with step("Comparing"):
        wanted = ({pair[0] for pair in pairs}, {pair[1] for pair in pairs})
        first, second = (
            _runs(parts, grid, names if not every else set(parts.names), beside)
            for parts, names, beside in zip((one, other), wanted, (other, one), strict=True)
        )
        combined = pairs or [(x, y) for x in first for y in second]
        rows = [_row(x, y, first[x], second[y]) for x, y in combined]
    shown = [row for row in rows if not every or float(row["both_cm3"]) > 0]
    print_rows(f"A {a}, B {b}: {' x '.join(map(str, grid.shape))} voxels", shown, numbers=NUMBERS)
    if len(shown) < len(rows):
        say(f"{len(rows) - len(shown)} pairs of parts do not overlap")
    for parts, names in ((one, wanted[0]), (other, wanted[1])):
        if alone := [name for name in parts.names if not every and name not in names]:
            say(f"only in {parts.path}: {', '.join(alone)}")
    if out is not None:
        write_rows(out, rows)
        say(f"{len(rows)} rows: {out}")


def _shared_space(a: Path, b: Path) -> tuple[str, str]:
    """Return the one space that both shapes must lie in; a shape that states none is taken to lie in the other's."""
    from spinemodel.io.shapes import known_space

    stated = [space for space in (known_space(a), known_space(b)) if space is not None]
    if len(set(stated)) > 1:
        raise SpaceMismatchError(
            f"{a} lies in space {stated[0]}, {b} in {stated[1]}; bring one into the other's with `spinemodel align`"
        )
    space = stated[0] if stated else "shared"
    return space, space


def _grid(one: Parts, other: Parts, spacing: str | None) -> Grid:
    """Return the voxels to compare on."""
    from spinemodel.volume.grid import require_same_grid

    masks = [parts.mask.grid for parts in (one, other) if parts.mask is not None]
    if masks and spacing is not None:
        raise InputError(f"--spacing {spacing}: a mask brings its own voxels; leave the option out")
    if len(masks) == 2:
        try:
            require_same_grid(*masks)
        except SpaceMismatchError as problem:
            raise SpaceMismatchError(f"{one.path}, {other.path}: {problem}") from None
    if masks:
        return masks[0]
    together = [*one.surfaces.values(), *other.surfaces.values()]
    return grid_round(together, spacing or SPACING, f"{one.path}, {other.path}")


def _runs(parts: Parts, grid: Grid, names: set[str], beside: Parts) -> Mapping[str, Spans]:
    """Return the runs of each part by itself, so that none loses voxels to another, on the voxels of what is beside."""
    from dataclasses import replace

    from spinemodel.volume.rasterise import rasterise
    from spinemodel.volume.spans import to_spans

    if parts.mask is not None:
        whole = to_spans(parts.mask)
        return {name: _alone(whole, name) for name in parts.names if name in names}
    chosen = {name: surface for name, surface in parts.surfaces.items() if name in names}
    with about(parts.path):
        runs = {name: rasterise(surface, grid, device="cpu") for name, surface in chosen.items()}
    empty = not any(len(spans.start) for spans in runs.values())
    image = None if beside.mask is None else beside.path
    tell_beyond(replace(parts, surfaces=chosen), grid, image, empty=empty)
    return runs


def _alone(whole: Spans, name: str) -> Spans:
    """Return the runs of one part with the label 1: tables of counts by label are then small, whatever the mask's."""
    from dataclasses import replace

    import numpy as np

    from spinemodel.volume.spans import label_of, select

    part = select(whole, label_of(whole, name))
    return replace(part, label=np.ones_like(part.label), names={1: name})


def _row(a: str, b: str, first: Spans, second: Spans) -> Row:
    """Return what two parts share."""
    from spinemodel.volume.grid import voxel_mm3
    from spinemodel.volume.measure import overlaps

    cm3 = voxel_mm3(first.grid) / 1000
    held: Sequence[int] = [int((spans.stop - spans.start).sum()) for spans in (first, second)]
    both = overlaps(first, second).total()
    whole = sum(held)
    return {
        "A": a,
        "B": b,
        "A_cm3": f"{held[0] * cm3:.4f}",
        "B_cm3": f"{held[1] * cm3:.4f}",
        "both_cm3": f"{both * cm3:.4f}",
        "Dice": f"{2 * both / whole:.4f}" if whole else "n/a",
        "Jaccard": f"{both / (whole - both):.4f}" if whole else "n/a",
    }

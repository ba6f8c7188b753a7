"""``spinemodel align``: one shape laid onto another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from spinemodel.cli.field_of_view import about
from spinemodel.cli.outputs import require_free
from spinemodel.cli.pairs import LabelOption, StructureOption, match, read_pair
from spinemodel.cli.show import say, step
from spinemodel.errors import BackendUnavailableError, InputError

if TYPE_CHECKING:
    from spinemodel.alignment.result import Alignment
    from spinemodel.alignment.shapes import Shape, Target
    from spinemodel.io.shapes import Parts

UNLIKE: Final = 30.0
"""How many times larger one shape may be. A choice: a vertebra beside a spine is 10, metres beside mm are 1000."""

PULLED: Final = {
    "moving": "moving points to the fixed shape",
    "fixed": "fixed points to the moving shape",
    "both": "points of each shape to the other",
}
"""What is said of each direction."""


def align(
    moving: Annotated[Path, typer.Argument(help="What to move: a model folder, a mesh file or a NIfTI mask.")],
    fixed: Annotated[Path, typer.Argument(help="Where to: a model folder, a mesh file or a NIfTI mask.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Transform to write: T.json; T.tfm is written beside it.")],
    kind: Annotated[
        Literal["rigid", "similarity", "affine"], typer.Option(help="What the transform may do.")
    ] = "rigid",
    structure: StructureOption = None,
    label: LabelOption = None,
    direction: Annotated[
        Literal["auto", "moving", "fixed", "both"], typer.Option(help="Whose points are pulled to the other.")
    ] = "auto",
    starts: Annotated[int, typer.Option(help="How many poses to start from; 1 tries only the given one.")] = 8,
    turns: Annotated[float, typer.Option(help="Greatest turn of a start, degrees.")] = 60.0,
    moved: Annotated[
        Path | None, typer.Option(help="Also write the moving mesh in the fixed space, as OUT.stl.")
    ] = None,
    figure: Annotated[Path | None, typer.Option(help="Also draw both shapes in three planes, as OUT.png.")] = None,
) -> None:
    """Find the transform that lays one shape onto another, and tell how far it can be trusted.

    T.json maps points of the moving space to the fixed one, RAS+ mm. T.tfm is the same for 3D Slicer and ITK: put the
    moving model under it, and it lies where it belongs.

    Example: spinemodel align L3.stl sub-verse004_seg-vert_msk.nii.gz --label 22 --kind rigid --out T.json

    Example: spinemodel align models/sub-01 models/sub-03 --structure Dura --out T.json --figure overlay.png
    """
    from spinemodel.alignment.align import align as run
    from spinemodel.alignment.parameters import AlignParameters
    from spinemodel.alignment.shapes import prepare

    _require_names(out, moved, figure, moving)
    require_free([out, out.with_suffix(".tfm"), *(path for path in (moved, figure) if path)], [moving, fixed])
    parameters = AlignParameters(direction=direction, starts=starts, range_deg=turns)
    with step(f"Reading {moving} and {fixed}"):
        one, other = read_pair(moving, fixed, structure, label, _spaces(moving, fixed))
        pairs = match(one, other, chosen=bool(structure or label))
        shapes = {pair[0]: _shape(one, pair[0]) for pair in pairs}
        targets = {pair[0]: _shape(other, pair[1]) for pair in pairs}
    with step("Aligning"):
        with about(moving):
            ready = prepare(shapes, parameters)
        with about(fixed):
            aim = prepare(targets, parameters)
        _require_sizes(moving, fixed, ready, aim)
        with about(f"{moving} on {fixed}"):
            found = run(ready, aim, kind=kind, parameters=parameters)
    _tell(found, pairs)
    with step(f"Writing {out}"):
        _write(out, found, one, other, pairs)
        if moved is not None:
            _write_moved(moved, found, shapes)
    say(f"{out} and {out.with_suffix('.tfm').name}")
    if figure is not None:
        with step("Drawing"):
            _draw(figure, found, shapes, targets)


def _require_names(out: Path, moved: Path | None, figure: Path | None, moving: Path) -> None:
    """Refuse names of files that cannot be written, before anything is read."""
    from spinemodel.io.mesh_writers import WRITERS
    from spinemodel.io.sidecar import is_volume

    if out.suffix.lower() != ".json":
        raise InputError(f"--out {out}: expected NAME.json; NAME.tfm is written beside it")
    if moved is not None and moved.suffix.lower() not in WRITERS:
        raise InputError(f"--moved {moved}: expected a mesh file ({', '.join(WRITERS)})")
    if moved is not None and is_volume(moving):
        raise InputError(f"--moved {moved}: {moving} is a mask, not a mesh; load it under the .tfm instead")
    if figure is not None and figure.suffix.lower() != ".png":
        raise InputError(f"--figure {figure}: expected NAME.png")


def _spaces(moving: Path, fixed: Path) -> tuple[str, str]:
    """Return names of the spaces for shapes that state none: their files' names, or ways where those are the same."""
    return (moving.name, fixed.name) if moving.name != fixed.name else (str(moving), str(fixed))


def _require_sizes(moving: Path, fixed: Path, one: Target, other: Target) -> None:
    """Refuse shapes of which one is so much larger that it must be in another unit."""
    import numpy as np

    sizes = [float(np.linalg.norm(np.ptp(target.coarse[0], axis=0))) for target in (one, other)]
    if not max(sizes) < UNLIKE * min(sizes):
        told = f"{moving} is {sizes[0]:.3g} mm across and {fixed} {sizes[1]:.3g} mm"
        raise InputError(f"{told}; expected sizes alike: is one of them not in millimetres?")


def _shape(parts: Parts, name: str) -> Shape:
    """Return one part as what can be aligned."""
    from spinemodel.alignment.shapes import Mask

    if parts.mask is None:
        return parts.surfaces[name]
    return Mask(parts.mask, next(label for label, known in parts.mask.names.items() if known == name))


def _residuals(found: Alignment) -> dict[str, float]:
    """Return how far the moved points lie from the fixed shape, mm, without sign."""
    import numpy as np

    away = np.abs(found.residuals_mm)
    told = {f"p{share}": float(np.percentile(away, share)) for share in (50, 90, 95)}
    return {"mean": float(away.mean()), **told, "max": float(away.max())}


def _tell(found: Alignment, pairs: list[tuple[str, str]]) -> None:
    """Print what was found and how far to trust it."""
    verdict, second = found.verdict, found.verdict.second_best
    away = _residuals(found)
    ended = "none: all starts that were followed ended here"
    if second is not None:
        apart = f"{second.apart_mm:.1f} mm and {second.apart_deg:.0f} degrees away"
        ended = f"{apart}, error {second.error_mm:.3f} mm beside {verdict.error_mm:.3f} mm"
    rows = {
        "parts": ", ".join(a if a == b else f"{a} on {b}" for a, b in pairs),
        "direction": f"{PULLED[found.direction]}; {found.why}",
        "rms": f"{found.rms_mm:.3f} mm of the points pulled",
        "residuals": f"{_listed(away)}, of all moving points",
        "converged": f"{'yes' if verdict.converged else 'no'}: {verdict.reason}",
        "basin": f"{100 * verdict.basin:.0f} % of the starts ended here",
        "second best": ended,
    }
    say(f"{found.kind} alignment of {found.transform.source} with {found.transform.target}")
    for key, text in rows.items():
        say(f"  {key:<12}{text}")
    if verdict.ambiguous:
        say(f"warning: ambiguous: {verdict.reason}")


def _listed(away: Mapping[str, float]) -> str:
    """Return residuals in words."""
    texts = {"p50": "median", "p90": "90 %", "p95": "95 %"}
    return ", ".join(f"{texts.get(key, key)} {value:.2f}" for key, value in away.items()) + " mm"


def _write(out: Path, found: Alignment, one: Parts, other: Parts, pairs: list[tuple[str, str]]) -> None:
    """Write the transform as JSON and for ITK."""
    from spinemodel.io.transforms import write_transform

    about: dict[str, Any] = {
        "alignment": {
            "kind": found.kind,
            "direction": found.direction,
            "why": found.why,
            "rms_mm": found.rms_mm,
            "residuals_mm": _residuals(found),
            "verdict": asdict(found.verdict),
            "parts": [list(pair) for pair in pairs],
        },
        "sources": {"moving": _source(one, out.parent), "fixed": _source(other, out.parent)},
    }
    write_transform(out, found.transform, about=about)
    write_transform(out.with_suffix(".tfm"), found.transform)


def _source(parts: Parts, folder: Path) -> dict[str, str]:
    """Return the file that a shape came from, as the way from a folder, and its hash."""
    from spinemodel.io.files import sha256
    from spinemodel.io.sidecar import relative

    path = parts.path / "model.json" if parts.path.is_dir() else parts.path
    return {"path": relative(path, folder), "sha256": sha256(path.read_bytes())}


def _write_moved(path: Path, found: Alignment, shapes: Mapping[str, Shape]) -> None:
    """Write all moving meshes, moved, as one."""
    from spinemodel.anatomy.surface import Surface, merge
    from spinemodel.io.surfaces import write_surface
    from spinemodel.report.overlay import moved

    there = [moved(shape, found.transform) for shape in shapes.values()]
    write_surface(path, merge(path.stem, [shape for shape in there if isinstance(shape, Surface)]))
    say(f"{path}")


def _draw(path: Path, found: Alignment, shapes: Mapping[str, Shape], targets: Mapping[str, Shape]) -> None:
    """Draw the moved shapes over the fixed ones; say what is missing where that cannot be done."""
    from spinemodel.report.overlay import moved, render_overlay

    there = {name: moved(shape, found.transform) for name, shape in shapes.items()}
    title = f"{found.transform.source} on {found.transform.target}: {found.kind}, rms {found.rms_mm:.2f} mm"
    names = (f"fixed: {found.transform.target}", f"moved: {found.transform.source}")
    try:
        render_overlay(path, targets, there, title=title, names=names)
    except BackendUnavailableError as missing:
        say(f"note: figure left out: {missing}")
    else:
        say(f"{path}")

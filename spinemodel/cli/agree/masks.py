"""Masks compared: every two raters, a rater's two drawings, and each with majority, STAPLE and the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.agreement.consensus_masks import Staple, against, against_others, first_drawings, majority, staple
from spinemodel.agreement.masks import Drawing, MaskAgreement, compare_masks
from spinemodel.anatomy.annotation import Source
from spinemodel.cli.agree.mask_files import (
    Part,
    drawings_by_stem,
    drawn_alone,
    files_of,
    images_beside,
    parts_of,
    subject_in,
)
from spinemodel.cli.agree.mask_page import Compared, draw_masks, sections_of
from spinemodel.cli.show import step
from spinemodel.errors import InputError, SpineModelError
from spinemodel.io.agreement.cells import NONE
from spinemodel.io.agreement.masks import mask_rows, mask_summary_rows, staple_rows
from spinemodel.io.agreement.yardsticks import yardstick_rows
from spinemodel.io.files import sha256
from spinemodel.io.nifti import write_shares, write_volume
from spinemodel.io.sidecar import beside, relative, write_sidecar
from spinemodel.io.tables import Row
from spinemodel.report.agreement_page import Findings
from spinemodel.volume.grid import Grid, spacing
from spinemodel.volume.labels import LabelVolume

if TYPE_CHECKING:
    from spinemodel.cli.agree.request import Request


def compare_all_masks(request: Request) -> Callable[[Path], Findings]:
    """Read and compare the masks; return what writes the findings into a folder.

    A subject that cannot be read or compared does not hold up the others: the findings name it.
    """
    files = {rater: files_of(path) for rater, path in request.paths.items()}
    with step("Reading masks"):
        parts, failed = _read(drawings_by_stem(files, request))
    alone = drawn_alone(files) if all(path.is_dir() for path in request.paths.values()) else []
    alone += [note for path in request.paths.values() for note in images_beside(path)]
    found, staples = [], []
    for part in parts:
        with step(f"Comparing {part.stem}"):
            pairs, answer = _compare(part)
        found += [(part.subject, part.structure, each) for each in pairs]
        staples.append((part.subject, part.structure, answer))
    return partial(_report, request, files, parts, found, staples, alone, failed)


def _read(drawn: Mapping[str, Mapping[Drawing, Path]]) -> tuple[list[Part], dict[str, str]]:
    """Return the structures of all subjects but those of whom a mask cannot be read or has another grid, and why."""
    parts: list[Part] = []
    failed: dict[str, SpineModelError] = {}
    for stem, files in drawn.items():
        try:
            parts += parts_of(stem, files)
        except SpineModelError as problem:
            failed.setdefault(subject_in(stem)[0], problem)
    kept = [part for part in parts if part.subject not in failed]
    if not kept and len(failed) == 1:
        raise next(iter(failed.values()))
    if not kept:
        raise InputError(f"all {len(failed)} subjects failed, the first: {next(iter(failed.values()))}")
    return kept, {subject: str(problem) for subject, problem in sorted(failed.items())}


def _compare(part: Part) -> tuple[list[MaskAgreement], Staple]:
    """Return every two drawings of a structure, each against what the raters make together, and STAPLE's answer."""
    answer = staple(part.masks)
    pairs = [
        *compare_masks(part.masks),
        *against(part.masks, majority(part.masks), "majority"),
        *against(part.masks, answer.mask, "STAPLE"),
        *against_others(part.masks),
    ]
    return pairs, answer


def _report(
    request: Request,
    files: Mapping[str, Mapping[str, Path]],
    parts: Sequence[Part],
    found: Compared,
    staples: Sequence[tuple[str, str, Staple]],
    alone: Sequence[str],
    failed: Mapping[str, str],
    folder: Path,
) -> Findings:
    """Write the consensus and the figure, and return tables and page."""
    _write_consensus(folder / "consensus", parts, [answer for _, _, answer in staples])
    rows: dict[str, list[Row]] = {
        "masks_summary": mask_summary_rows(found, request.draws),
        "masks": mask_rows(found),
        "staple": staple_rows(staples),
    }
    rows["yardsticks"] = yardstick_rows(_measures(rows["masks_summary"]), _voxel(parts))
    pictures, missing = draw_masks(folder, found) if request.figures else ([], [])
    notes = [*(f"failed: {subject}: {why}" for subject, why in failed.items()), *alone, *_notes(parts), *missing]
    sources = {
        rater: [Source(file.name, sha256(file.read_bytes())) for file in by.values()] for rater, by in files.items()
    }
    shown = [
        {key: row[key] for key in ("structure", "kind", "measure", "mean", "least", "largest", "pairs")}
        for row in rows["masks_summary"] if row["measure"] in ("dice", "surface_mm")
    ]
    sections = sections_of(request, rows, found, parts, pictures, notes)
    subjects = list(dict.fromkeys(part.subject for part in parts))
    return Findings(rows, sections, sources, subjects, ("Masks", shown), notes, failed)


def _notes(parts: Sequence[Part]) -> list[str]:
    """Return which masks are empty, and where a majority can be tied."""
    empty = [
        f"{part.stem}: {drawing} is empty; its Dice is 0 or undefined, and it has no distances"
        for part in parts for drawing, mask in part.masks.masks.items() if not mask.any()
    ]
    votes = sorted({len(first_drawings(part.masks).masks) for part in parts})
    ties = [f"majority of {n} raters: a voxel that half of them drew is outside" for n in votes if n % 2 == 0]
    return [*empty, *ties]


def _write_consensus(folder: Path, parts: Sequence[Part], answers: Sequence[Staple]) -> None:
    """Write majority masks, and STAPLE's probabilities."""
    for part, answer in zip(parts, answers, strict=True):
        grid, raters = part.masks.grid, sorted({drawing.rater for drawing in part.masks.masks})
        mask = LabelVolume(grid, majority(part.masks).astype("uint16"), {1: part.structure})
        told: dict[str, object] = {"consensus": "majority", "raters": raters, "ties": "out"}
        write_volume(folder / f"{part.stem}_desc-majority_mask.nii.gz", mask, parameters=told)
        path = folder / f"{part.stem}_desc-staple_probseg.nii.gz"
        told = {"consensus": "STAPLE", "raters": raters, "iterations": answer.iterations, "reason": answer.reason}
        write_shares(path, grid, answer.probability.astype("float32"), part.structure, parameters=told)
        for made in (path, folder / f"{part.stem}_desc-majority_mask.nii.gz"):
            _name_sources(made, [part.files[key] for key in first_drawings(part.masks).masks])


def _name_sources(path: Path, files: Sequence[Path]) -> None:
    """Write into a sidecar which files voted, by the way from where the volume goes: one folder up from the staging."""
    home = path.parent.parent.parent / path.parent.name
    hashes = {relative(file, home): sha256(file.read_bytes()) for file in files}
    record = json.loads(beside(path, ".json").read_text(encoding="utf-8"))
    record |= {"Sources": list(hashes), "SourceSHA256": hashes}
    write_sidecar(path, json.dumps(record, indent=1) + "\n")


def _measures(rows: Sequence[Row]) -> dict[str, float]:
    """Return the mean distances of the surfaces of two raters, by structure."""
    return {
        f"{row['structure']}, {row['kind']}, {row['measure'].removesuffix('_mm')}": float(row["mean"])
        for row in rows
        if row["kind"] in ("inter", "intra") and row["measure"].endswith("_mm") and row["mean"] != NONE
    }


def _voxel(parts: Sequence[Part]) -> dict[str, float]:
    """Return the shortest and the longest side of a voxel."""
    grids: list[Grid] = [part.masks.grid for part in parts]
    shortest, longest = (float(pick(pick(spacing(grid)) for grid in grids)) for pick in (min, max))
    return {"voxel": shortest} if longest - shortest < 1e-3 else {"voxel": shortest, "slice": longest}

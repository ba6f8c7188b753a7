"""Masks compared: every two raters, a rater's two drawings, and each with majority, STAPLE and the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from spinemodel.agreement.consensus_masks import against, against_others, first_drawings, majority, staple
from spinemodel.agreement.masks import Drawing, MaskAgreement, Masks, compare_masks, masks_of
from spinemodel.anatomy.annotation import Source
from spinemodel.cli.show import step
from spinemodel.errors import BackendUnavailableError, InputError, SpineModelError
from spinemodel.io import agreement_tables as tables
from spinemodel.io.files import sha256
from spinemodel.io.label_table import names_beside
from spinemodel.io.metaimage import is_metaimage, read_mask
from spinemodel.io.nifti import write_shares, write_volume
from spinemodel.io.sidecar import is_volume, stated_space
from spinemodel.io.tables import Row
from spinemodel.report import agreement_figures as figures
from spinemodel.report.agreement_page import Findings, Picture, Section, Table
from spinemodel.vertebrae.datasets.summary import some
from spinemodel.volume.grid import Grid, spacing
from spinemodel.volume.labels import LabelVolume

if TYPE_CHECKING:
    from collections.abc import Callable

    from spinemodel.agreement.consensus_masks import Staple
    from spinemodel.cli.agree import Request

    Compared = Sequence[tuple[str, str, MaskAgreement]]

MOST_ROWS: Final = 60
"""Most rows of the table of pairs on the page. A choice: a page of paper."""

ONE: Final = "one"
"""Subject of files whose names hold none."""

REPEAT: Final = re.compile(r"(?P<stem>.+)_(?P<repeat>[2-9]|[1-9]\d+)")

TERMS: Final = {
    "Dice, Jaccard": "Twice the voxels of both over the sum, and the voxels of both over those of either.",
    "Hausdorff, Hausdorff 95": "Of the boundary voxels' centres, mm: the largest distance to the other boundary, and "
    "the larger of both directions' 95 % quantiles.",
    "Surface": "Mean distance, mm, of the boundary voxels of both masks to the other boundary.",
    "Difference": "Volume of the second less that of the first, over the mean of both.",
    "Inter, intra": "Two raters; one rater's two drawings. In means but those of intra each rater counts once, by the "
    "first drawing. Pairs share raters, so that there is no standard error over pairs; intervals are over subjects.",
    "Majority": "Voxels that more than half of the raters drew; with an even number, a tie is outside. Each rater "
    "votes once, with the first drawing.",
    "STAPLE": "Probability of each voxel by Warfield, Zou & Wells 2004, over the whole grid; the mask is where it is "
    "one half or more. Sensitivity and specificity are of each rater against that hidden truth.",
    "Others": "What all but the rater make by majority. A rater is part of the other consensus, and agrees with it the "
    "better for that.",
}


class Part(NamedTuple):
    """One structure of a subject: its masks, and the name of its files."""

    subject: str
    structure: str
    stem: str
    masks: Masks


def compare_all_masks(request: Request) -> Callable[[Path], Findings]:
    """Read and compare the masks; return what writes the findings into a folder."""
    files = {rater: _files(path) for rater, path in request.paths.items()}
    with step("Reading masks"):
        parts = [part for stem, drawn in _drawings(files, request).items() for part in _parts(stem, drawn)]
    alone = _alone(files) if all(path.is_dir() for path in request.paths.values()) else []
    found, staples = [], []
    for part in parts:
        with step(f"Comparing {part.stem}"):
            answer = staple(part.masks)
            pairs = [
                *compare_masks(part.masks),
                *against(part.masks, majority(part.masks), "majority"),
                *against(part.masks, answer.mask, "STAPLE"),
                *against_others(part.masks),
            ]
        found += [(part.subject, part.structure, each) for each in pairs]
        staples.append((part.subject, part.structure, answer))
    return partial(_report, request, files, parts, found, staples, alone)


def _files(path: Path) -> dict[str, Path]:
    """Return masks by the stem of their name."""
    found = [path] if path.is_file() else sorted(f for f in path.iterdir() if is_volume(f) or is_metaimage(f))
    if not found:
        raise InputError(f"{path}: holds no mask; expected NIfTI or MetaImage files")
    return {re.sub(r"(\.nii(\.gz)?|\.mh[ad])$", "", file.name, flags=re.IGNORECASE): file for file in found}


def _drawings(files: Mapping[str, Mapping[str, Path]], request: Request) -> dict[str, dict[Drawing, Path]]:
    """Return the files of each structure by drawing: those of one stem, or one file of each rater."""
    if any(path.is_file() for path in request.paths.values()):
        if not all(len(by) == 1 for by in files.values()):
            raise InputError("masks: some are files, others folders of several; give files, or folders, of all raters")
        stem = next(iter(next(iter(files.values()))))
        return {stem: {Drawing(rater): next(iter(by.values())) for rater, by in files.items()}}
    every = {stem for by in files.values() for stem in by}
    found: dict[str, dict[Drawing, Path]] = {}
    for rater, by in files.items():
        for stem, file in by.items():
            match = REPEAT.fullmatch(stem)
            again = match is not None and match["stem"] in every
            key, repeat = (match["stem"], int(match["repeat"])) if match and again else (stem, 1)
            if not request.subjects or _subject(key)[0] in {f"sub-{s.removeprefix('sub-')}" for s in request.subjects}:
                found.setdefault(key, {})[Drawing(rater, repeat)] = file
    shared = {stem: drawn for stem, drawn in sorted(found.items()) if len({each.rater for each in drawn}) > 1}
    if not shared:
        held = "; ".join(f"{rater} has {some(by)}" for rater, by in files.items())
        raise InputError(f"no mask of one name by two raters: {held}; name masks of one thing alike")
    return shared


def _alone(files: Mapping[str, Mapping[str, Path]]) -> list[str]:
    """Return a note on every mask that some rater lacks."""
    every = dict.fromkeys(stem for by in files.values() for stem in by)
    lacking = {stem: [rater for rater, by in files.items() if stem not in by] for stem in every}
    return [f"{stem}: not drawn by {', '.join(raters)}" for stem, raters in lacking.items() if raters]


def _subject(stem: str) -> tuple[str, str]:
    """Return subject and structure that a file's stem names.

    Examples
    --------
    >>> _subject("sub-03_seg-cord_mask"), _subject("manual_dc")
    (('sub-03', 'seg-cord_mask'), ('one', 'manual_dc'))
    """
    match = re.match(r"(sub-[A-Za-z0-9]+)_?(.*)", stem)
    return (match[1], match[2] or "mask") if match else (ONE, stem)


def _parts(stem: str, drawn: Mapping[Drawing, Path]) -> list[Part]:
    """Return the structures of masks: one, or each label by its name."""
    subject, structure = _subject(stem)
    stated = {file: stated_space(file) if is_volume(file) else None for file in drawn.values()}
    default = next((space for space in stated.values() if space), f"{subject}/scanner")
    volumes: dict[Drawing, LabelVolume] = {}
    for drawing, file in drawn.items():
        names = names_beside(file) if is_volume(file) else {}
        volumes[drawing] = read_mask(file, space=stated[file] or default, names=names)
    try:
        labels = _labels(volumes)
        if len(labels) < 2:
            return [Part(subject, structure, stem, masks_of(volumes))]
        return [
            Part(subject, f"{structure} {name}", f"{stem}_label-{''.join(c for c in str(name) if c.isalnum())}",
                 masks_of(volumes, name))
            for name in labels
        ]
    except SpineModelError as problem:
        raise type(problem)(f"{', '.join(str(file) for file in drawn.values())}: {problem}") from None


def _labels(volumes: Mapping[Drawing, LabelVolume]) -> list[int | str]:
    """Return the labels of any mask, by name where they have one."""
    import numpy as np

    found: dict[int | str, None] = {}
    for volume in volumes.values():
        found |= dict.fromkeys(volume.names.get(int(n), int(n)) for n in np.unique(volume.values) if n)
    return list(found)


def _report(
    request: Request,
    files: Mapping[str, Mapping[str, Path]],
    parts: Sequence[Part],
    found: Compared,
    staples: Sequence[tuple[str, str, Staple]],
    alone: Sequence[str],
    folder: Path,
) -> Findings:
    """Write the consensus and the figure, and return tables and page."""
    _write_consensus(folder / "consensus", parts, [answer for _, _, answer in staples])
    rows: dict[str, list[Row]] = {
        "masks_summary": tables.mask_summary_rows(found, request.draws),
        "masks": tables.mask_rows(found),
        "staple": tables.staple_rows(staples),
    }
    rows["yardsticks"] = tables.yardstick_rows(_measures(rows["masks_summary"]), _voxel(parts))
    pictures, missing = _pictures(folder, found) if request.figures else ([], [])
    empty = [
        f"{part.stem}: {drawing} is empty; its Dice is 0 or undefined, and it has no distances"
        for part in parts for drawing, mask in part.masks.masks.items() if not mask.any()
    ]
    votes = sorted({len(first_drawings(part.masks).masks) for part in parts})
    ties = [f"majority of {n} raters: a voxel that half of them drew is outside" for n in votes if n % 2 == 0]
    notes = [*alone, *empty, *ties, *missing]
    sources = {
        rater: [Source(file.name, sha256(file.read_bytes())) for file in by.values()] for rater, by in files.items()
    }
    shown = [
        {key: row[key] for key in ("structure", "kind", "measure", "mean", "least", "largest", "pairs")}
        for row in rows["masks_summary"] if row["measure"] in ("dice", "surface_mm")
    ]
    sections = _sections(request, rows, found, parts, pictures, notes)
    subjects = list(dict.fromkeys(part.subject for part in parts))
    return Findings(rows, sections, sources, subjects, ("Masks", shown), notes)


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


def _measures(rows: Sequence[Row]) -> dict[str, float]:
    """Return the mean distances of the surfaces of two raters, by structure."""
    return {
        f"{row['structure']}, {row['kind']}, {row['measure'].removesuffix('_mm')}": float(row["mean"])
        for row in rows
        if row["kind"] in ("inter", "intra") and row["measure"].endswith("_mm") and row["mean"] != tables.NONE
    }


def _voxel(parts: Sequence[Part]) -> dict[str, float]:
    """Return the shortest and the longest side of a voxel."""
    grids: list[Grid] = [part.masks.grid for part in parts]
    shortest, longest = (float(pick(pick(spacing(grid)) for grid in grids)) for pick in (min, max))
    return {"voxel": shortest} if longest - shortest < 1e-3 else {"voxel": shortest, "slice": longest}


def _pictures(folder: Path, found: Compared) -> tuple[list[Picture], list[str]]:
    """Draw Dice; return a note where it cannot be drawn."""
    path, what = folder / "figures" / "dice.svg", "Dice of every two masks, by structure"
    try:
        figures.draw_dice(path, tables.counted(found))
    except BackendUnavailableError as missing:
        return [], [f"figures left out: {missing}"]
    return [Picture(path, f"{what}; each mark is a pair.", f"{what}; the numbers are in the table masks.")], []


def _pairs(found: Compared, rows: Sequence[Row]) -> Table:
    """Return the pairs of raters that the means are of; the file has all."""
    between = [(subject, structure, each) for subject, structure, each in found if each.kind != "consensus"]
    shown = tables.mask_rows(tables.counted(between))[:MOST_ROWS]
    rest = f". {len(rows) - len(shown)} more rows, with consensus and second drawings, are in masks.tsv"
    return Table("masks", "Every two raters, and one rater's two drawings" + rest * (len(rows) > len(shown)), shown)


def _sections(
    request: Request,
    rows: Mapping[str, Sequence[Row]],
    found: Compared,
    parts: Sequence[Part],
    pictures: Sequence[Picture],
    notes: Sequence[str],
) -> list[Section]:
    """Return the parts of the page."""
    structures = list(dict.fromkeys(part.structure for part in parts))
    subjects = list(dict.fromkeys(part.subject for part in parts if part.subject != ONE))
    whose = f"{len(subjects)} subjects ({some(subjects)})" if subjects else "one subject: no file's name holds sub-"
    lead = f"{', '.join(structures)} as drawn by {', '.join(request.paths)}, of {whose}."
    dice = [row for row in rows["masks_summary"] if row["measure"] == "dice" and row["kind"] in ("inter", "intra")]
    names = {"inter": "two raters", "intra": "one rater's two drawings"}
    items = [
        f"{row['structure']}: Dice of {names[row['kind']]} {row['mean']} on average ({row['least']} to "
        f"{row['largest']}, {row['pairs']} pair{'s' * (row['pairs'] != '1')})"
        for row in dice
    ]
    voxels = " x ".join(f"{side:.3g}" for side in spacing(parts[0].masks.grid))
    rods = (
        f"A paddle is {tables.PADDLE_MM:g} mm wide (Specify 5-6-5, as Liu et al. 2024 state it), one of its contacts "
        f"{tables.CONTACT_MM:g} mm (common knowledge, not read in a document of the vendor); voxels are {voxels} mm."
    )
    return [
        Section("In short", [lead], pictures, items=items),
        Section("Missing and empty", [] if notes else ["Nothing is."], items=notes),
        Section("Does it matter", [rods], tables=[
            Table("yardsticks", "Distances beside yardsticks", rows["yardsticks"])
        ]),
        Section("Measures", tables=[
            Table("masks_summary", "Mean, least and largest over pairs. Low and high: interval of the mean over "
                  "subjects", rows["masks_summary"]),
        ]),
        Section("STAPLE", tables=[Table("staple", "Each rater against STAPLE's hidden truth", rows["staple"])]),
        Section("Every pair", tables=[_pairs(found, rows["masks"])]),
        Section("What the words mean", terms=TERMS),
    ]

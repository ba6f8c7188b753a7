"""Which dataset lies in a folder, its files, and the labels of each scan."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from spinemodel.errors import InputError
from spinemodel.io.files import one_line
from spinemodel.io.metaimage import read_mask
from spinemodel.io.scan_names import ScanFiles, scan_files
from spinemodel.io.sheets import TEXTS, WORKBOOKS, has_sheet, heading
from spinemodel.io.spider_tables import GRADINGS, OVERVIEW
from spinemodel.io.verse_sheet import KEY, SHEET
from spinemodel.vertebrae.datasets.spider_rows import SpiderSeries
from spinemodel.vertebrae.datasets.verse_rows import LabelledScan, verse_id

LOOKED_FOR: Final = (
    f"SPIDER: {OVERVIEW}, {GRADINGS}, masks/1_t1.mha; VerSe: sub-verse004_seg-vert_msk.nii.gz, verse014_seg.nii.gz, "
    f"a workbook with the sheet {SHEET} or a csv that begins with {KEY}"
)

VERTEBRAE: Final = (range(1, 26), range(101, 126))
"""SPIDER's labels of vertebrae: those in the image whole, and those that its edge cuts."""

DISCS: Final = range(201, 226)
"""SPIDER's labels of discs."""


@dataclass(frozen=True)
class SpiderFiles:
    """The files of SPIDER that are there."""

    overview: Path | None
    gradings: Path | None
    masks: tuple[ScanFiles, ...]


@dataclass(frozen=True)
class VerseFiles:
    """The files of VerSe that are there."""

    sheet: Path | None
    masks: tuple[ScanFiles, ...]


def find_dataset(root: Path) -> SpiderFiles | VerseFiles:
    """Return the files of the one dataset in a folder, at any depth; folders that begin with a point are passed over.

    Raises
    ------
    InputError
        If the folder is none, holds no known dataset or two of them, or a table lies in it twice.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected one that holds a dataset")
    files = _files(root)
    scans = [scan for path in files if (scan := scan_files(path)) is not None]
    of_spider = tuple(s for s in scans if s.dataset == "SPIDER" and s.mask.parent.name.lower() == "masks")
    spider = SpiderFiles(_only(root, files, OVERVIEW), _only(root, files, GRADINGS), of_spider)
    sheets = [path for path in files if _is_verse_sheet(path)]
    if len(sheets) > 1:
        raise InputError(f"{root}: several sheets of VerSe, {' and '.join(map(str, sheets[:3]))}; keep one")
    verse = VerseFiles(sheets[0] if sheets else None, tuple(scan for scan in scans if scan.dataset == "VerSe"))
    found = [each for each in (spider, verse) if each not in (SpiderFiles(None, None, ()), VerseFiles(None, ()))]
    if len(found) > 1:
        raise InputError(f"{root}: holds files of SPIDER and of VerSe; name the folder of one of them")
    if not found:
        raise InputError(f"{root}: no dataset recognised; looked at {len(files)} files for {LOOKED_FOR}")
    return found[0]


def _files(root: Path) -> list[Path]:
    """Return the files in a folder, in order of their paths, without hidden ones and the locks of spreadsheets."""
    found = []
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [Path(folder, name) for name in names if not name.startswith((".", "~"))]
    return sorted(found)


def _only(root: Path, files: Sequence[Path], name: str) -> Path | None:
    """Return the one file of a name, None where there is none."""
    found = [path for path in files if path.name.lower() == name]
    if len(found) > 1:
        places = " and ".join(str(path.relative_to(root)) for path in found[:3])
        raise InputError(f"{root}: several {name}, {places}; name the folder of one of them")
    return found[0] if found else None


def _is_verse_sheet(path: Path) -> bool:
    """Return whether a table is VerSe's, by the name of a sheet in it or by its first column."""
    suffix = path.suffix.lower()
    return (suffix in WORKBOOKS and has_sheet(path, SHEET)) or (suffix in TEXTS and heading(path)[:1] == [KEY])


def verse_labels(files: ScanFiles) -> LabelledScan:
    """Return the vertebrae of a scan of VerSe, of its centroids where there are any, else of its mask.

    The names of the challenge's files tell the scan, and not always the patient, who then stays empty.

    Raises
    ------
    InputError
        If the file cannot be read, or is not what its name says.
    """
    labels = _mask_labels(files.mask) if files.centroids is None else _centroid_labels(files.centroids)
    parts = dict(part.partition("-")[::2] for part in files.name.split("_"))
    patient = "" if files.mask.name.lower().split(".")[0].endswith("_seg") and "split" not in parts else files.subject
    return LabelledScan(verse_id(parts.get("split", parts["sub"])), files.name, patient, files.split or "", labels)


def spider_series(files: ScanFiles) -> SpiderSeries:
    """Return what a mask of SPIDER and its name say of a series: vertebrae, whole and partial, and discs.

    Raises
    ------
    InputError
        If the file cannot be read, or is no mask.
    """
    labels = _mask_labels(files.mask)
    return SpiderSeries(
        name=files.name,
        patient=int(files.subject),
        sequence=files.name.partition("_")[2],
        num_vertebrae=sum(any(label in numbers for numbers in VERTEBRAE) for label in labels),
        num_discs=sum(label in DISCS for label in labels),
        subset=files.split or "",
    )


def _mask_labels(path: Path) -> tuple[int, ...]:
    """Return the labels in a mask."""
    values = read_mask(path, space=path.name).values
    return tuple(int(label) for label in np.flatnonzero(np.bincount(values.ravel())) if label)


def _centroid_labels(path: Path) -> tuple[int, ...]:
    """Return the labels of the body centres that have a place."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        marks = [row for row in rows if "label" in row]
        placed = [row for row in marks if all(math.isfinite(float(row[axis])) for axis in "XYZ")]
        return tuple(sorted({int(row["label"]) for row in placed}))
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as problem:
        wanted = 'expected VerSe\'s list of {"label", "X", "Y", "Z"}'
        raise InputError(f"{path}: cannot be read as centroids ({one_line(problem)}); {wanted}") from None

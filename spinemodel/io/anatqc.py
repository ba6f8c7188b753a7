"""The tables of image quality in the layout of the lumbosacral dataset (Liu et al. 2024).

::

    derivatives/anatqc/sub-XX/anat/sub-XX_{CISS,T2TSE}_{SNR,CNR}.csv     one row per slice

The names of folders and files are the dataset's (its published tree). What is in the files is not: their columns could
not be looked up, so those written here are this package's own, comma-separated under a heading: the number of the slice
along the image's slice axis (from 0), the centre of its foreground (RAS+ mm), the paper's measure under the name of the
file (``SNR`` or ``CNR``), the other measures of the same kind, the size, mean and SD of each class, and why a slice is
not measured. What is not defined is ``n/a``, BIDS's word.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from typing import Final, Literal, TypeAlias

from spinemodel.errors import InputError
from spinemodel.io.files import atomic, one_line
from spinemodel.quality.measures import NAMES, Measures, Name
from spinemodel.quality.slices import Quality, Skipped, Slice

Kind: TypeAlias = Literal["SNR", "CNR"]
KINDS: Final[tuple[Kind, ...]] = ("SNR", "CNR")

MISSING: Final = "n/a"

FOLDER: Final = ("derivatives", "anatqc")
"""Where a dataset keeps the tables."""

_SUFFIXES: Final = re.compile(r"\.(nii(\.gz)?|mha|mhd)$", re.IGNORECASE)
_SUBJECT: Final = re.compile(r"(?P<subject>sub-[A-Za-z0-9]+)(?:[_. -].*?(?P<sequence>[A-Za-z0-9]+))?")
_BIDS: Final = re.compile(r"(?P<subject>sub-[A-Za-z0-9]+)_(?:[A-Za-z0-9]+-[A-Za-z0-9]+_)*(?P<sequence>[A-Za-z0-9]+)")


@dataclass(frozen=True)
class ImageName:
    """What the name of an image says.

    Attributes
    ----------
    stem
        The file's name without its suffix.
    subject
        ``sub-03``; the stem where the name does not begin with one.
    sequence
        ``CISS``; ``image`` where there is no subject, or nothing after it.
    note
        How the subject was told where the name is not as in BIDS but begins with one; else empty.
    """

    stem: str
    subject: str
    sequence: str
    note: str = ""


def image_name(path: Path) -> ImageName:
    """Return what an image's name says.

    Examples
    --------
    >>> image_name(Path("rawdata/sub-03/anat/sub-03_acq-sag_T2TSE.nii.gz"))
    ImageName(stem='sub-03_acq-sag_T2TSE', subject='sub-03', sequence='T2TSE', note='')
    """
    stem = _SUFFIXES.sub("", path.name)
    if match := _BIDS.fullmatch(stem):
        return ImageName(stem, match["subject"], match["sequence"])
    if match := _SUBJECT.fullmatch(stem):
        subject = match["subject"]
        told = f"{path.name}: not a name as in BIDS, such as {subject}_acq-sag_T2w.nii.gz; taken as of {subject}"
        return ImageName(stem, subject, match["sequence"] or "image", told)
    return ImageName(stem, stem, "image")


def anatqc_folder(out: Path) -> Path:
    """Return where the tables go in a folder that is a dataset, its ``derivatives`` or the ``anatqc`` in them.

    Examples
    --------
    >>> anatqc_folder(Path("data/derivatives")).as_posix()
    'data/derivatives/anatqc'
    """
    if out.name == FOLDER[1]:
        return out
    return out / FOLDER[1] if out.name == FOLDER[0] else out.joinpath(*FOLDER)


def anatqc_paths(out: Path, image: ImageName) -> dict[Kind, Path]:
    """Return the files of an image's tables."""
    home = anatqc_folder(out) / image.subject / "anat"
    return {kind: home / f"{image.stem}_{kind}.csv" for kind in KINDS}


def columns(kind: Kind) -> tuple[Name, ...]:
    """Return the measures of a table, the paper's first."""
    return tuple(name for name in NAMES if name.startswith(kind))


def write_anatqc(out: Path, image: ImageName, quality: Quality) -> tuple[Path, ...]:
    """Write the two tables of an image, each whole or not at all, and return their paths."""
    paths = anatqc_paths(out, image)
    for kind, path in paths.items():
        rows = [_row(each, kind) for each in _in_order(quality)]
        with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return tuple(paths.values())


def _in_order(quality: Quality) -> list[Slice | Skipped]:
    """Return the slices that show the foreground, measured or not, by their number."""
    return sorted([*quality.slices, *quality.skipped], key=lambda each: each.index)


def _row(each: Slice | Skipped, kind: Kind) -> dict[str, str]:
    """Return the row of a slice."""
    if isinstance(each, Skipped):
        blank = dict.fromkeys(("x_mm", "y_mm", "z_mm", *columns(kind)), MISSING)
        sizes = {"n_CSF": str(each.csf), "n_cord": str(each.cord)}
        rest = dict.fromkeys(("mean_CSF", "mean_cord", "SD_CSF", "SD_cord"), MISSING)
        return {"slice": str(each.index)} | blank | sizes | rest | {"note": each.reason}
    place = dict(zip(("x_mm", "y_mm", "z_mm"), (f"{at + 0.0:.3f}" for at in each.centre_mm), strict=True))
    found = each.measures
    return {
        "slice": str(each.index),
        **place,
        **{name: _number(found.values[name]) for name in columns(kind)},
        "n_CSF": str(found.csf.voxels),
        "n_cord": str(found.cord.voxels),
        "mean_CSF": _number(found.csf.mean),
        "mean_cord": _number(found.cord.mean),
        "SD_CSF": _number(found.csf.sd),
        "SD_cord": _number(found.cord.sd),
        "note": _note(found, columns(kind)),
    }


def _number(value: float) -> str:
    """Return a number with six digits."""
    return f"{value:.6g}" if isfinite(value) else MISSING


def _note(found: Measures, names: Iterable[Name]) -> str:
    """Return which measures are not defined, and why."""
    return "; ".join(f"{name}: {found.undefined[name]}" for name in names if name in found.undefined)


def read_anatqc(path: Path) -> Mapping[str, tuple[float, ...]]:
    """Return the numbers of a table by column; NaN where a slice has none. The note is left out.

    Raises
    ------
    InputError
        If the file cannot be read, or has no column of the measure that its name says.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            names, rows = list(table.fieldnames or ()), list(table)
    except (OSError, ValueError, csv.Error) as problem:
        raise InputError(f"{path}: cannot be read as a table ({one_line(problem)}); expected CSV") from None
    kind = path.stem.rpartition("_")[2]
    if kind not in names:
        raise InputError(f"{path}: no column {kind}, only {', '.join(names) or 'none'}; write it with this package")
    return {name: tuple(_read(path, row[name]) for row in rows) for name in names if name != "note"}


def _read(path: Path, text: str | None) -> float:
    """Return the number in a cell."""
    if text == MISSING:
        return nan
    try:
        return float(text or "")
    except ValueError:
        raise InputError(f"{path}: {text!r} is no number; expected one, or {MISSING}") from None

"""What the name of a mask says: dataset, subject and split, and where the image and the body centres of it lie.

::

    verse014_seg.nii.gz            verse014.nii.gz            verse014_ctd.json                  VerSe, MICCAI 2019
    verse512_CT-iso_seg.nii.gz     verse512_CT-iso.nii.gz     verse512_CT-iso_iso-ctd.json       VerSe, MICCAI 2020
    GL017_CT_ax_seg.nii.gz         verse400_verse090_CT-iso_seg.nii.gz (patient, scan)           the same
    derivatives/sub-verse000/sub-verse000[_split-verse001][_dir-ax]_seg-vert_msk.nii.gz          VerSe, by subject
        with ..._seg-subreg_ctd.json or ..._seg-vb_ctd.json beside it, and in rawdata/sub-verse000 ..._ct.nii.gz
    masks/1_t2_SPACE.mha           images/1_t2_SPACE.mha                                         SPIDER
    sub-03_..._seg-vert_msk.nii.gz, sub-03_..._dseg.nii.gz                                       any BIDS derivative

Names of the challenge files mix ``-`` and ``_`` (``GL124_CT-ax_seg``, ``GL124_CT_ax-iso-ctd``): they count as one.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from spinemodel.errors import InputError

Dataset: TypeAlias = Literal["VerSe", "SPIDER", "BIDS"]
Split: TypeAlias = Literal["training", "validation", "test"]

_ID: Final = r"(?:verse|gl)\d+"
_NIFTI: Final = r"\.nii(?:\.gz)?"
_BY_SUBJECT: Final = re.compile(
    rf"(?P<scan>sub-(?P<subject>{_ID})(?:_split-(?P<part>{_ID}))?(?:_dir-(?P<plane>[a-z]+))?)_seg-vert_msk{_NIFTI}",
    re.IGNORECASE,
)
_CHALLENGE: Final = re.compile(
    rf"(?P<scan>(?P<subject>{_ID})(?:[_-](?P<part>{_ID}))?(?:_ct[_-](?P<plane>[a-z]+))?)_seg{_NIFTI}", re.IGNORECASE
)
_SPIDER: Final = re.compile(r"(?P<scan>(?P<subject>\d+)_(?:t1|t2|t2_space))\.mh[ad]", re.IGNORECASE)
_BIDS: Final = re.compile(
    rf"(?P<scan>(?P<subject>sub-[a-z0-9]+)(?:_(?!seg-)[a-z0-9]+-[a-z0-9]+)*)_(?:seg-vert(?:_[a-z0-9]+-[a-z0-9]+)*_msk|"
    rf"(?:[a-z0-9]+-[a-z0-9]+_)*dseg){_NIFTI}",
    re.IGNORECASE,
)
_SPLIT: Final = re.compile(r"(?:\d+_|dataset-verse\d+)?(training|validation|test)", re.IGNORECASE)

SPLIT_UP: Final = 4
"""How many folders above a mask may name its split: ``01_training/derivatives/sub-verse000`` has three."""


@dataclass(frozen=True)
class ScanFiles:
    """A mask and what belongs to it.

    Attributes
    ----------
    name
        Of the scan, the same in all layouts of a dataset: ``sub-verse400_split-verse090_dir-iso``, ``1_t2_SPACE``.
    subject
        The patient: ``sub-verse400``; SPIDER's number ``1``.
    split
        As the folders say.
    dataset
        By the form of the name.
    mask
        The labels.
    image, centroids
        Where they were found.
    """

    name: str
    subject: str
    split: Split | None
    dataset: Dataset
    mask: Path
    image: Path | None
    centroids: Path | None


def scan_files(mask: Path) -> ScanFiles | None:
    """Return what the name of a mask says, with the files that lie where its dataset keeps them; None for other names.

    Examples
    --------
    >>> scan_files(Path("01_training/verse400/verse400_verse090_CT-iso_seg.nii.gz")).name
    'sub-verse400_split-verse090_dir-iso'
    """
    if found := _BY_SUBJECT.fullmatch(mask.name):
        image = _first(_raw(mask.parent), f"{found['scan']}_ct")
        marks = _first((mask.parent,), f"{found['scan']}_seg-subreg_ctd", f"{found['scan']}_seg-vb_ctd")
        return ScanFiles(*_verse_names(found), _split(mask), "VerSe", mask, image, marks)
    if found := _CHALLENGE.fullmatch(mask.name):
        image = _first((mask.parent,), found["scan"])
        marks = _first((mask.parent,), f"{found['scan']}_iso-ctd", f"{found['scan']}_ctd")
        return ScanFiles(*_verse_names(found), _split(mask), "VerSe", mask, image, marks)
    if (found := _SPIDER.fullmatch(mask.name)) and mask.parent.name.lower() != "images":
        image = _first((mask.parent.with_name("images"),), found["scan"])
        return ScanFiles(found["scan"], found["subject"], _split(mask), "SPIDER", mask, image, None)
    if found := _BIDS.fullmatch(mask.name):
        return ScanFiles(found["scan"], found["subject"], _split(mask), "BIDS", mask, None, None)
    return None


def find_masks(root: Path) -> tuple[ScanFiles, ...]:
    """Return the masks of a dataset, in order of their paths; every other file is passed over.

    MetaImages count only in a folder named ``masks``, since images bear the same names.

    Raises
    ------
    InputError
        If the folder is none, or holds no mask.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected one with masks such as sub-verse004_seg-vert_msk.nii.gz")
    found = []
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if not name.startswith(".")]
        scans = (scan_files(Path(folder, name)) for name in names)
        found += [scan for scan in scans if scan and (scan.dataset != "SPIDER" or Path(folder).name.lower() == "masks")]
    if not found:
        raise InputError(
            f"{root}: no mask; expected names such as sub-verse004_seg-vert_msk.nii.gz, verse014_seg.nii.gz, "
            "masks/1_t1.mha or sub-03_dseg.nii.gz"
        )
    return tuple(sorted(found, key=lambda scan: scan.mask))


def _verse_names(found: re.Match[str]) -> tuple[str, str]:
    """Return the name of a scan and its patient, as the subject-based tree spells them."""
    subject = f"sub-{found['subject'].lower()}"
    part = f"_split-{found['part'].lower()}" if found["part"] else ""
    plane = f"_dir-{found['plane'].lower()}" if found["plane"] else ""
    return subject + part + plane, subject


def _split(mask: Path) -> Split | None:
    """Return the split that a folder above the mask names, the nearest first."""
    matches = (_SPLIT.fullmatch(folder.name) for folder in list(mask.absolute().parents)[:SPLIT_UP])
    named: dict[str, Split] = {"training": "training", "validation": "validation", "test": "test"}
    return next((named[match[1].lower()] for match in matches if match), None)


def _raw(folder: Path) -> tuple[Path, ...]:
    """Return where the image of a mask may lie: beside it, or in ``rawdata`` for what lies in ``derivatives``."""
    parts = folder.parts
    places = [i for i, part in enumerate(parts) if part == "derivatives"]
    return (Path(*parts[: places[-1]], "rawdata", *parts[places[-1] + 1 :]), folder) if places else (folder,)


def _first(folders: tuple[Path, ...], *stems: str) -> Path | None:
    """Return the first file of such a stem, ``-`` and ``_`` and case alike."""
    for folder in folders:
        files = {_key(path.name): path for path in sorted(folder.iterdir())} if folder.is_dir() else {}
        for stem in stems:
            endings = (".json",) if stem.lower().endswith("ctd") else (".nii.gz", ".nii", ".mha", ".mhd")
            for ending in endings:
                if path := files.get(_key(stem + ending)):
                    return path
    return None


def _key(name: str) -> str:
    """Return a name without what differs between spellings of it."""
    return name.lower().replace("-", "_")

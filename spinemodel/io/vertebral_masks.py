"""Masks of vertebrae of any source as one type: VerSe, SPIDER, and any whole numbers with a stated label map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np

from spinemodel.anatomy.annotation import Source
from spinemodel.anatomy.vertebral_levels import LastThoracic
from spinemodel.arrays import FloatArray, IntArray
from spinemodel.errors import InputError
from spinemodel.io.centroids import located, read_marks
from spinemodel.io.files import sha256
from spinemodel.io.label_maps import LabelMap, NamedLabels, label_map, name_labels, shipped_maps
from spinemodel.io.label_table import names_beside
from spinemodel.io.mask_plausible import Place, places, require_direction, require_inside, require_upright
from spinemodel.io.metaimage import FORMATS, is_metaimage, read_mask
from spinemodel.io.scan_names import Dataset, ScanFiles, scan_files
from spinemodel.io.sidecar import beside, is_volume, stated_space
from spinemodel.vertebrae.mask import Region, VertebralMask
from spinemodel.volume.labels import LabelVolume

MAP_OF: Final[Mapping[Dataset, str]] = {"VerSe": "verse", "SPIDER": "spider"}
"""The label map of a dataset."""

NAMED: Final = 8
"""Most names in one note."""

Auto: TypeAlias = Literal["auto"]


@dataclass(frozen=True)
class _Marks:
    """Body centres that were read, where from, and what is to be said of them."""

    places: Mapping[str, FloatArray]
    path: Path | None
    notes: tuple[str, ...]


def read_vertebral_mask(
    path: Path,
    *,
    labels: str | Path | None = None,
    lowest: str = "L5",
    last_thoracic: LastThoracic = "T12",
    centroids: Path | Auto | None = "auto",
    plausible: bool = True,
) -> VertebralMask:
    """Return a mask of vertebrae with levels.

    Parameters
    ----------
    path
        ``.nii``, ``.nii.gz``, ``.mha`` or ``.mhd``.
    labels
        A shipped label map or a file that states one (:func:`spinemodel.io.label_maps.label_map`). Without it, that of
        VerSe or SPIDER by the file's name, else a BIDS table of the mask's stem beside it.
    lowest, last_thoracic
        The vertebra on the sacrum and the one above L1, for maps that count from below (SPIDER).
    centroids
        Body centres as VerSe's JSON; ``"auto"`` takes those of the mask's name, where there are any.
    plausible
        Whether levels must run from head to foot and bodies lie in front. Leave it out for a mask that is to be judged.

    Raises
    ------
    InputError
        If the mask cannot be read, holds nothing or what its label map does not name; if it is upside down or back to
        front; or if its centroids are of another scan.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; expected a mask, a file .nii, .nii.gz, .mha or .mhd")
    scan = _scan(path)
    stated = _label_map(path, labels, scan)
    read = read_mask(path, space=_space(path, scan))
    named = _named(path, read, stated, lowest, last_thoracic)
    volume, dropped = _keep(path, read, named)
    found = places(volume, named.regions)
    if plausible:
        require_upright(path, found)
    marks = _marks(centroids, scan, volume, stated, named.regions, found)
    return VertebralMask(
        subject=scan_name(path),
        volume=volume,
        regions=named.regions,
        scheme=stated.name,
        centroids=marks.places,
        sources=tuple(_source(file) for file in (path, marks.path) if file),
        notes=(*named.notes, *dropped, *marks.notes, *_partial(named.regions)),
    )


def _scan(path: Path) -> ScanFiles | None:
    """Return what the mask's name says; refuse an image of SPIDER, which bears the name of its mask."""
    if is_metaimage(path) and path.parent.name.lower() == "images":
        raise InputError(f"{path}: lies among the images; expected the mask of that name in the folder masks")
    return scan_files(path)


def _label_map(path: Path, labels: str | Path | None, scan: ScanFiles | None) -> LabelMap:
    """Return the label map that is stated, or that the mask's name or its table tells."""
    if labels is not None:
        return label_map(labels)
    if scan and scan.dataset in MAP_OF:
        return label_map(MAP_OF[scan.dataset])
    if is_volume(path) and names_beside(path):
        return label_map(beside(path, ".tsv"))
    if not (is_volume(path) or is_metaimage(path)) or path.is_dir():
        raise InputError(f"{path}: expected a mask, a file {FORMATS}")
    raise InputError(
        f"{path}: the name is none of VerSe or SPIDER, so its labels are not known; state the label map with --labels: "
        f"{', '.join(shipped_maps())}, or a file"
    )


def scan_name(path: Path) -> str:
    """Return the name of a mask's scan: as its dataset has it, else the file's without suffixes."""
    scan = _scan(path)
    return scan.name if scan else path.name.split(".")[0]


def _space(path: Path, scan: ScanFiles | None) -> str:
    """Return the coordinate space: as a sidecar states it, else the scanner's."""
    stated = stated_space(path) if is_volume(path) else None
    return stated or f"{scan_name(path)}/scanner"


def _named(
    path: Path, volume: LabelVolume, stated: LabelMap, lowest: str, last_thoracic: LastThoracic
) -> NamedLabels:
    """Return what the labels of a mask show."""
    present = np.flatnonzero(_counts(volume))
    if not len(present[present > 0]):
        raise InputError(f"{path}: the mask is empty; expected labels of vertebrae")
    try:
        return name_labels(stated, (int(label) for label in present if label), lowest, last_thoracic)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None


def _counts(volume: LabelVolume) -> IntArray:
    """Return how many voxels have each label; plane by plane, since counting makes them int64."""
    counts = np.zeros(int(volume.values.max(initial=0)) + 1, dtype=np.int64)
    for plane in volume.values:
        counts += np.bincount(plane.ravel(), minlength=len(counts))
    return counts


def _keep(path: Path, read: LabelVolume, named: NamedLabels) -> tuple[LabelVolume, tuple[str, ...]]:
    """Return the volume with its names and without what is no part of the spine, and a note of that."""
    if not named.regions:
        raise InputError(f"{path}: shows {_some(list(named.ignored.values()))} and no part of a spine")
    names = {label: region.name for label, region in named.regions.items()}
    if not named.ignored:
        return LabelVolume(read.grid, read.values, names), ()
    keep = np.arange(int(read.values.max()) + 1, dtype=np.uint16)
    keep[list(named.ignored)] = 0
    voxels = int(_counts(read)[list(named.ignored)].sum())
    others = _some(list(named.ignored.values()))
    note = f"Left out {len(named.ignored)} labels ({voxels} voxels) of other structures: {others}."
    return LabelVolume(read.grid, keep[read.values], names), (note,)


def _marks(
    stated: Path | Auto | None,
    scan: ScanFiles | None,
    volume: LabelVolume,
    scheme: LabelMap,
    regions: Mapping[int, Region],
    found: tuple[Place, ...],
) -> _Marks:
    """Return the body centres of a mask, if there are any, checked against it."""
    path = (scan.centroids if scan else None) if stated == "auto" else stated
    if path is None:
        return _Marks({}, None, ())
    names = {label: region.name for label, region in {**scheme.labels, **regions}.items()}
    read = read_marks(path)
    require_direction(read, volume, found, names)
    marked = located(read, volume.grid, names)
    require_inside(path, volume, found, marked)
    shown = {region.name for region in regions.values()}
    alone = [name for name in marked if name not in shown]
    notes = (f"{path.name} marks {_some(alone)}, which the mask does not show.",) if alone else ()
    return _Marks(marked, path, notes)


def _partial(regions: Mapping[int, Region]) -> tuple[str, ...]:
    """Return a note of what lies in the image only in part."""
    cut = [region.name for region in regions.values() if region.partial]
    return (f"Only partly in the image, as the dataset says: {_some(cut)}.",) if cut else ()


def _some(names: list[str]) -> str:
    """Return some names as text."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _source(path: Path) -> Source:
    """Return a file's name and hash."""
    try:
        return Source(path.name, sha256(path.read_bytes()))
    except OSError as problem:
        raise InputError(f"{path}: cannot be read ({problem.strerror})") from None

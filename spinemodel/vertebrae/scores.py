"""Scores of one segmentation of a spine against another, as VerSe and SPIDER score.

Per structure of the reference: Dice, Jaccard, volumes, distances (:mod:`spinemodel.volume.mask_distances`) and how far
the centres lie apart. What either challenge makes of them, read from its published evaluation:

- **VerSe** (Sekuboyina et al. 2021; ``anjany/verse``, ``utils/eval_utilities.py``) pairs structures by name. A vertebra
  that was missed has Dice 0, and neither a Hausdorff nor a localisation distance. A vertebra is identified if its
  predicted centre lies within 20 mm of the reference's and no vertebra of the reference is nearer. (The published code
  looks only among those that both have; then a neck whose levels are all off by one counts a hit at its end.)
- **SPIDER** (van der Graaf et al. 2024; ``DIAGNijmegen/SPIDER-Evaluation``, ``evaluation.py``) pairs each structure of
  the reference with the predicted one that it shares most voxels with, whatever its label. Vertebrae that are partly
  visible do not count among the vertebrae. A structure is detected from Dice 0.1 on; the mean is that of the detected
  ones, beside the share that was detected. Its boundary voxels are those with a neighbour outside across a corner:
  ``neighbours="corners"``. (The code applies the spacings of x, y and z to the axes z, y and x, and takes voxels at the
  image's border for boundary; neither is copied, so that its distances differ where voxels are no cubes, or a structure
  is cut.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from spinemodel.errors import InputError
from spinemodel.vertebrae._score_pairs import Pair, by_name, by_overlap, compare, cut_out, identified
from spinemodel.vertebrae.mask import Region, VertebralMask
from spinemodel.vertebrae.names import Kind, kind_of
from spinemodel.volume.grid import voxel_mm3
from spinemodel.volume.mask_distances import MaskDistances, Neighbours, mask_distances

Matching: TypeAlias = Literal["name", "overlap"]
"""Compared are structures of one name, or those that share most voxels."""

DETECTED: Final = 0.1
"""Least Dice of a detected structure (SPIDER)."""


@dataclass(frozen=True)
class StructureScore:
    """How well one structure of the reference was found.

    Attributes
    ----------
    region
        Of the reference.
    predicted
        Name of the predicted region that it is compared with; None where there is none: it was missed.
    dice, jaccard
        Twice what both share over the sum, and over the union; 0 where it was missed.
    reference_mm3, predicted_mm3
        Volumes; 0 where it was missed.
    distances
        None where it was missed.
    offset_mm
        From centre to centre; None where it was missed.
    identified
        As VerSe counts, by name whatever it is compared with; None of what is no vertebra.
    """

    region: Region
    predicted: str | None
    dice: float
    jaccard: float
    reference_mm3: float
    predicted_mm3: float
    distances: MaskDistances | None
    offset_mm: float | None
    identified: bool | None


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of a predicted mask.

    Attributes
    ----------
    matching
        How structures were paired.
    structures
        By name in the reference, from head to foot.
    extra
        Predicted structures that are compared with none, of kinds that the reference has; partly visible ones do not
        count.
    unscored
        Predicted structures of kinds that the reference does not have.
    """

    matching: Matching
    structures: Mapping[str, StructureScore]
    extra: tuple[str, ...]
    unscored: tuple[str, ...]

    def __post_init__(self) -> None:
        """Make the mapping read-only."""
        object.__setattr__(self, "structures", MappingProxyType(dict(self.structures)))

    @property
    def missed(self) -> tuple[str, ...]:
        """Structures of the reference that are compared with none; partly visible ones do not count."""
        return tuple(row.region.name for row in _whole(self) if row.predicted is None)


class Spread(NamedTuple):
    """Mean and sample standard deviation of n values; not numbers where there are too few."""

    mean: float
    sd: float
    n: int


@dataclass(frozen=True)
class Summary:
    """Scores of all structures of a kind, without those partly visible.

    Attributes
    ----------
    structures, missed, extra
        How many the reference has, how many of them were missed, and how many are predicted only.
    dice
        Over all, with 0 for those missed, as VerSe takes it.
    detected, detected_dice
        Share with a Dice of 0.1 or more, and over those, as SPIDER takes it.
    hausdorff_mm, hausdorff95_mm, surface_mm
        Of the masks, of the boundaries (95th percentile), and the mean of the boundaries; over those not missed.
    """

    structures: int
    missed: int
    extra: int
    dice: Spread
    detected: float
    detected_dice: Spread
    hausdorff_mm: Spread
    hausdorff95_mm: Spread
    surface_mm: Spread


def score(
    reference: VertebralMask,
    predicted: VertebralMask,
    *,
    matching: Matching = "name",
    neighbours: Neighbours = "faces",
) -> Scores:
    """Return how well a predicted mask shows what a reference shows.

    Parameters
    ----------
    reference, predicted
        Of one grid.
    matching
        ``name`` as in VerSe, or ``overlap`` as in SPIDER, where one predicted structure may be compared with several.
    neighbours
        Which voxels are boundary: ``faces`` as SimpleITK's ``LabelContour`` draws them, ``corners`` as in SPIDER.

    Raises
    ------
    SpaceMismatchError
        If the grids differ.
    InputError
        If the reference is empty, or a structure fills the whole grid.
    """
    pair = compare(reference, predicted)
    mine, theirs = pair.reference.voxels, pair.predicted.voxels
    if not mine:
        raise InputError(f"{reference.subject}: the reference shows nothing; there is nothing to score against")
    partner = by_name(pair) if matching == "name" else by_overlap(pair)
    known = identified(pair)
    rows = {}
    for label in mine:
        name = reference.regions[label].name
        rows[name] = _structure(pair, label, partner.get(label), neighbours, known.get(name))
    kinds = {row.region.kind for row in rows.values()}
    alone = [predicted.regions[label] for label in theirs if label not in partner.values()]
    extra = tuple(region.name for region in alone if region.kind in kinds and not region.partial)
    return Scores(matching, rows, extra, tuple(region.name for region in alone if region.kind not in kinds))


def _structure(
    pair: Pair, label: int, other: int | None, neighbours: Neighbours, identified: bool | None
) -> StructureScore:
    """Return the scores of one structure of the reference."""
    region, size = pair.reference.mask.regions[label], pair.reference.voxels[label]
    mm3 = voxel_mm3(pair.reference.mask.volume.grid)
    if other is None:
        return StructureScore(region, None, 0.0, 0.0, size * mm3, 0.0, None, None, identified)
    found, common = pair.predicted.voxels[other], pair.common[label, other]
    apart = mask_distances(*cut_out(pair, label, other), neighbours=neighbours)
    name = pair.predicted.mask.regions[other].name
    offset = float(np.linalg.norm(pair.reference.centres[region.name] - pair.predicted.centres[name]))
    return StructureScore(
        region,
        name,
        2 * common / (size + found),
        common / (size + found - common),
        size * mm3,
        found * mm3,
        apart,
        offset,
        identified,
    )


def summarise(scores: Scores) -> dict[Kind, Summary]:
    """Return the scores of each kind of structure that the reference has, in the order in which they occur."""
    extra = [kind_of(name) for name in scores.extra]
    found: dict[Kind, Summary] = {}
    for kind in dict.fromkeys(row.region.kind for row in _whole(scores)):
        rows = [row for row in _whole(scores) if row.region.kind == kind]
        apart = [row.distances for row in rows if row.distances is not None]
        detected = [row.dice for row in rows if row.dice >= DETECTED]
        found[kind] = Summary(
            len(rows),
            sum(row.predicted is None for row in rows),
            extra.count(kind),
            spread(row.dice for row in rows),
            len(detected) / len(rows),
            spread(detected),
            spread(each.hausdorff_mm for each in apart),
            spread(each.surface_hausdorff95_mm for each in apart),
            spread(each.surface_mm for each in apart),
        )
    return found


def identification_rate(scores: Scores) -> float:
    """Return the share of the reference's vertebrae that are identified, as VerSe counts; not a number without any."""
    told = [row.identified for row in _whole(scores) if row.identified is not None]
    return sum(told) / len(told) if told else float("nan")


def localisation_mm(scores: Scores) -> Spread:
    """Return the distances of the vertebrae's centres, mm; those missed have none."""
    found = [row.offset_mm for row in _whole(scores) if row.region.kind == "vertebra"]
    return spread(offset for offset in found if offset is not None)


def spread(values: Iterable[float]) -> Spread:
    """Return mean and sample standard deviation.

    Examples
    --------
    >>> spread([1.0, 2.0, 3.0])
    Spread(mean=2.0, sd=1.0, n=3)
    """
    found = np.array(list(values))
    mean = float(found.mean()) if len(found) else float("nan")
    return Spread(mean, float(found.std(ddof=1)) if len(found) > 1 else float("nan"), len(found))


def _whole(scores: Scores) -> list[StructureScore]:
    """Return the scores of what is not partly visible."""
    return [row for row in scores.structures.values() if not row.region.partial]

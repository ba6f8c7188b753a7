"""One mask of a spine, whatever its source: which label shows what, and where body centres were marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from spinemodel.anatomy.annotation import Source
from spinemodel.arrays import FloatArray, freeze
from spinemodel.errors import InputError
from spinemodel.vertebrae.names import Kind, kind_of, rank
from spinemodel.volume.labels import LabelVolume


@dataclass(frozen=True)
class Region:
    """What a label shows.

    Attributes
    ----------
    name
        As in :mod:`spinemodel.vertebrae.names`.
    partial
        Whether only a part of it lies in the image, as the dataset says.
    """

    name: str
    partial: bool = False

    @property
    def kind(self) -> Kind:
        """What the name stands for."""
        return kind_of(self.name)


@dataclass(frozen=True, eq=False)
class VertebralMask:
    """Vertebrae, discs, canal and sacrum as labels, of any source.

    Attributes
    ----------
    subject
        Name of the scan, such as ``sub-verse004``.
    volume
        The labels; each that occurs has a region, by whose name the volume calls it.
    regions
        By label, from head to foot.
    scheme
        Name of the label map.
    centroids
        Centres of vertebral bodies by name, (3,) mm, where the dataset marks them.
    sources
        The files.
    notes
        Choices and corrections made while reading, one sentence each.
    """

    subject: str
    volume: LabelVolume
    regions: Mapping[int, Region]
    scheme: str
    centroids: Mapping[str, FloatArray] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the mappings read-only, name the volume's labels, and refuse two labels of one name."""
        ordered = dict(sorted(self.regions.items(), key=lambda row: (rank(row[1].name), row[0])))
        names = [region.name for region in ordered.values()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            labels = [label for label, region in ordered.items() if region.name == twice[0]]
            raise InputError(f"{self.subject}: labels {labels} are all {twice[0]}; give each label its own name")
        object.__setattr__(self, "regions", MappingProxyType(ordered))
        known = {label: region.name for label, region in ordered.items()}
        object.__setattr__(self, "volume", replace(self.volume, names=known))
        marked = {name: freeze(place) for name, place in self.centroids.items()}
        object.__setattr__(self, "centroids", MappingProxyType(marked))

    @property
    def space(self) -> str:
        """Of the volume."""
        return self.volume.grid.space


def labels_of(mask: VertebralMask, *kinds: Kind) -> dict[str, int]:
    """Return the labels of regions of some kinds by name, from head to foot; of all kinds where none is given."""
    return {region.name: label for label, region in mask.regions.items() if not kinds or region.kind in kinds}

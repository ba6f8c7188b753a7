"""The masks of an image on the command line: which files, in which space, and what their parts are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from spinemodel.cli.show import say
from spinemodel.errors import InputError, SpaceMismatchError

if TYPE_CHECKING:
    from spinemodel.anatomy.surface import Surface
    from spinemodel.arrays import BoolArray
    from spinemodel.io.anatqc import ImageName
    from spinemodel.quality.regions import Regions, Role
    from spinemodel.volume.grid import Grid
    from spinemodel.volume.image import ScalarVolume
    from spinemodel.volume.labels import LabelVolume


@dataclass(frozen=True)
class Asked:
    """What is asked for, the same for all images: the options of the command."""

    masks: tuple[str, ...]
    labels: Mapping[Role, str]
    roots: bool
    csf_above: float | None
    cord_below: float | None
    samples: int
    along: Literal["auto", "i", "j", "k"]
    least: int
    in_place: bool


@dataclass(frozen=True, eq=False)
class Given:
    """What the masks of an image hold by role: surfaces, or labels of volumes."""

    surfaces: Mapping[Role, list[Surface]]
    volumes: list[tuple[LabelVolume, Mapping[int, Role]]]
    air: list[tuple[LabelVolume, Mapping[int, Role]]]


def mask_paths(asked: Asked, name: ImageName) -> list[tuple[Role | None, Path]]:
    """Return the masks of an image, and the role of those that state one."""
    from spinemodel.quality.regions import ROLES

    found: list[tuple[Role | None, Path]] = []
    for text in asked.masks:
        head, _, rest = text.partition("=")
        role = next((role for role in ROLES if rest and head.lower() == role), None)
        filled = (rest if role else text).replace("{subject}", name.subject).replace("{name}", name.stem)
        path = Path(filled)
        if not path.exists():
            raise InputError(f"--masks {filled}: no such file or folder; expected a model, a mesh or a label volume")
        own = path / name.subject
        found.append((role, own if (own / "model.json").is_file() else path))
    return found


def masks_there(asked: Asked, name: ImageName) -> list[Path]:
    """Return the masks of an image; none where one is missing, which is told when the image's turn comes."""
    try:
        return [path for _, path in mask_paths(asked, name)]
    except InputError:
        return []


def common_space(image: Path, name: ImageName, masks: Sequence[Path]) -> str:
    """Return the one space of an image and its masks; what states none is taken to lie in the others'.

    Raises
    ------
    SpaceMismatchError
        If two are stated, or a mask is of another subject than the image's name says; with how far a model lies off.
    """
    from spinemodel.io.shapes import known_space
    from spinemodel.io.sidecar import is_volume, stated_space

    stated = stated_space(image) if is_volume(image) else None
    space, source = stated, image
    for mask in masks:
        other = known_space(mask)
        if other is None:
            continue
        if space not in (None, other):
            away = f"{source} in {space}{_apart(image, mask)}"
            raise SpaceMismatchError(f"{mask} lies in space {other}, {away}; bring one into the other's first")
        if stated is None:
            _require_subject(image, name, mask, other)
        space, source = other, mask
    return space or "shared"


def _require_subject(image: Path, name: ImageName, mask: Path, space: str) -> None:
    """Raise where a mask lies in the space of a subject, and the image is of another by its name."""
    match = re.match("(sub-[A-Za-z0-9]+)/", space)
    if match is None or name.subject in (match[1], name.stem):
        return
    state = f'state it in {name.stem}.json beside the image: {{"Space": "{space}"}}'
    raise SpaceMismatchError(
        f"{mask} lies in space {space}, {image} is of {name.subject} by its name{_apart(image, mask)}; "
        f"give the model of that subject; if they do share a space, {state}"
    )


def _apart(image: Path, model: Path) -> str:
    """Return how far the middle of a model lies from that of an image, as their numbers have it."""
    import numpy as np

    from spinemodel.io.metaimage import read_image
    from spinemodel.io.shapes import read_parts
    from spinemodel.quality.field_of_view import in_words
    from spinemodel.volume.grid import to_mm

    if not model.is_dir():
        return ""
    points = np.vstack([surface.vertices for surface in read_parts(model).surfaces.values()])
    grid = read_image(image, space="image").grid
    way = (points.min(axis=0) + points.max(axis=0)) / 2 - to_mm(grid, (np.array([grid.shape]) - 1) / 2)[0]
    return f", its middle {in_words(way)} from the image's"


def read_given(masks: Sequence[tuple[Role | None, Path]], space: str, asked: Asked) -> Given:
    """Return what the masks hold by role."""
    from spinemodel.io.metaimage import is_metaimage, read_mask
    from spinemodel.io.sidecar import is_volume

    given = Given({}, [], [])
    surfaces: dict[Role, list[Surface]] = {}
    for role, path in masks:
        if not (is_volume(path) or is_metaimage(path)):
            for own, found in _surfaces(path, space, role).items():
                surfaces.setdefault(own, []).extend(found)
            continue
        volume = read_mask(path, space=space)
        roles = _roles(path, volume, role, asked.labels)
        for group, air in ((given.volumes, False), (given.air, True)):
            if chosen := {label: found for label, found in roles.items() if (found == "air") == air}:
                group.append((volume, chosen))
    if surfaces and given.volumes:
        raise InputError("--masks: got surfaces and label volumes; give the one or the other, and only air besides")
    return replace(given, surfaces=surfaces)


def _surfaces(path: Path, space: str, role: Role | None) -> dict[Role, list[Surface]]:
    """Return the surfaces of a model or a mesh by role."""
    from spinemodel.io.shapes import read_parts, states_frame
    from spinemodel.quality.regions import role_of

    if not states_frame(path):
        say(f"note: {path} states no frame; taken as LPS, as 3D Slicer does")
    found: dict[Role, list[Surface]] = {}
    for name, surface in read_parts(path, space=space).surfaces.items():
        own = role or role_of(re.sub("^sub-[A-Za-z0-9]+_", "", name))
        if own is not None:
            found.setdefault(own, []).append(surface)
    if not found:
        raise InputError(f"{path}: neither cord, dura, CSF nor roots by its name; say which: --masks cord={path}")
    return found


def _roles(path: Path, volume: LabelVolume, role: Role | None, asked: Mapping[Role, str]) -> dict[int, Role]:
    """Return the roles of a volume's labels: stated for all, or by its own name; else by the options and its table."""
    import numpy as np

    from spinemodel.io.label_table import names_beside
    from spinemodel.io.sidecar import is_volume
    from spinemodel.quality.regions import role_of

    present = [int(label) for label in np.unique(volume.values) if label]
    if not present:
        raise InputError(f"{path}: every voxel is 0; expected a mask with labels")
    match = re.search(r"_label-([A-Za-z0-9]+)_", path.name)
    if role := role or (role_of(match[1]) if match and not asked else None):
        return dict.fromkeys(present, role)
    names = names_beside(path) if is_volume(path) else {}
    known = {n: own for n, name in names.items() if n in present and (own := role_of(name)) and own not in asked}
    known |= {n: own for own, text in asked.items() for n in _numbers(path, text, own, names, present)}
    if not known:
        first = ", ".join(map(str, present[:10]))
        raise InputError(f"{path}: labels {first} have no known names; say which with --cord N --csf N, or a .tsv")
    return known


def _numbers(path: Path, text: str, role: str, names: Mapping[int, str], present: Sequence[int]) -> list[int]:
    """Return the labels that an option names."""
    found: list[int] = []
    for word in (part.strip() for part in text.split(",")):
        labels = [n for n in present if word in (str(n), names.get(n)) or word.lower() == names.get(n, "").lower()]
        if not labels:
            there = ", ".join(f"{n} {names.get(n, '')}".strip() for n in present[:20])
            raise InputError(f"{path}: no voxel of label {word} for {role}; there are {there}")
        found += labels
    return found


def regions_of(image: ScalarVolume, given: Given, asked: Asked) -> Regions:
    """Return the classes of an image, and its air where that is known."""
    from spinemodel.quality.labelled import mask_regions, role_masks
    from spinemodel.quality.rasterised import model_regions
    from spinemodel.quality.regions import region

    grid = image.grid
    if asked.csf_above is not None:
        regions = _by_thresholds(image, given, asked)
    elif given.surfaces:
        regions = model_regions(given.surfaces, grid, roots=asked.roots, samples=asked.samples)
    else:
        regions = mask_regions(_masks(given, grid, asked), grid, roots=asked.roots)
    if given.air:
        regions = replace(regions, air=region(role_masks(given.air, grid)["air"]))
    return regions


def _masks(given: Given, grid: Grid, asked: Asked) -> dict[Role, BoolArray]:
    """Return the masks of label volumes by role."""
    from spinemodel.quality.labelled import role_masks
    from spinemodel.quality.slices import slice_axis

    if asked.samples > 1:
        raise InputError("--samples: a label volume has one label per voxel; give a model or meshes")
    return role_masks(given.volumes, grid, across=slice_axis(grid, asked.along).axis)


def _by_thresholds(image: ScalarVolume, given: Given, asked: Asked) -> Regions:
    """Return the classes that values tell in the sac."""
    from spinemodel.quality.rasterised import model_sac
    from spinemodel.quality.regions import Regions, by_thresholds, region

    masks: Mapping[Role, object] = given.surfaces or _masks(given, image.grid, asked)
    if "sac" not in masks:
        raise InputError("--csf-above: no sac to apply thresholds in; expected Dura, or a label of dura, canal or CSF")
    if given.surfaces:
        sac, notes = model_sac(given.surfaces["sac"], image.grid)
    else:
        sac, notes = _masks(given, image.grid, asked)["sac"], ()
    fluid, cord = by_thresholds(image, sac, asked.csf_above or 0.0, asked.cord_below)
    cut = "told by thresholds: SDs are too small and CNR too large beside those of masks"
    return Regions(image.grid, region(fluid), region(cord), None, (*notes, cut))

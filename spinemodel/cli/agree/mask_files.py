"""Which files are masks of one thing, and the structures that they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spinemodel.agreement.masks import Drawing, Masks, masks_of
from spinemodel.errors import InputError, SpineModelError
from spinemodel.io.label_table import names_beside
from spinemodel.io.metaimage import is_metaimage, read_mask
from spinemodel.io.sidecar import is_volume, stated_space
from spinemodel.vertebrae.datasets.summary import some
from spinemodel.volume.labels import LabelVolume

if TYPE_CHECKING:
    from spinemodel.cli.agree.request import Request

ONE: Final = "one"
"""Subject of files whose names hold none."""

REPEAT: Final = re.compile(r"(?P<stem>.+)_(?P<repeat>[2-9]|[1-9]\d+)")


IMAGES: Final = re.compile(r"sub-.*_(T1w|T2w|T2star|T2starw|PDw|PDT2|FLAIR|inplaneT[12]|CISS|T2TSE|bold|dwi|CT|ct)")
"""Stems of images, which lie beside masks in a tree: suffixes of BIDS, the lumbosacral dataset's, and CT."""


class Part(NamedTuple):
    """One structure of a subject: its masks, the name of its files, and the file of each drawing."""

    subject: str
    structure: str
    stem: str
    masks: Masks
    files: Mapping[Drawing, Path]


def masks_in(folder: Path) -> list[Path]:
    """Return the volumes that lie in a folder."""
    return sorted(file for file in folder.iterdir() if is_volume(file) or is_metaimage(file))


def masks_below(folder: Path) -> list[Path]:
    """Return the volumes anywhere in a tree that are no images by their name."""
    return [file for file in _volumes_below(folder) if not IMAGES.fullmatch(_stem(file))]


def _volumes_below(folder: Path) -> list[Path]:
    """Return the volumes anywhere in a tree; hidden folders are left out."""
    found = [file for file in sorted(folder.rglob("*")) if is_volume(file) or is_metaimage(file)]
    return [file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts)]


def images_beside(path: Path) -> list[str]:
    """Return a note on the images of a tree of masks, which are left out."""
    if path.is_file() or masks_in(path):
        return []
    names = [file.name for file in _volumes_below(path) if IMAGES.fullmatch(_stem(file))]
    return [f"{path}: left out as images by their names: {some(names, most=4)}"] if names else []


def files_of(path: Path) -> dict[str, Path]:
    """Return masks by the stem of their name, begun with the subject and session whose folders they lie in."""
    if path.is_file():
        return {_stem(path): path}
    files = masks_in(path) or masks_below(path)
    if not files:
        raise InputError(f"{path}: holds no mask; expected NIfTI or MetaImage files")
    found: dict[str, Path] = {}
    for file in files:
        name = _full_name(file, path)
        if name in found:
            raise InputError(f"{path}: {found[name]} and {file} are both {name}; give them names of their own")
        found[name] = file
    return found


def _stem(file: Path) -> str:
    """Return the name of a volume without its suffix."""
    return re.sub(r"(\.nii(\.gz)?|\.mh[ad])$", "", file.name, flags=re.IGNORECASE)


def _full_name(file: Path, root: Path) -> str:
    """Return the stem of a volume with the subject and session of its folders, where it does not name them itself.

    Examples
    --------
    >>> _full_name(Path("anna/sub-01/anat/sub-01_dc.nii.gz"), Path("anna"))
    'sub-01_dc'
    >>> _full_name(Path("anna/sub-01/ses-2/dc.nii.gz"), Path("anna"))
    'sub-01_ses-2_dc'
    """
    stem = _stem(file)
    folders = [part for part in file.relative_to(root).parts[:-1] if re.fullmatch(r"(sub|ses)-[A-Za-z0-9]+", part)]
    own = [part for part in folders if part not in stem.split("_")]
    return "_".join([*own, stem])


def drawings_by_stem(files: Mapping[str, Mapping[str, Path]], request: Request) -> dict[str, dict[Drawing, Path]]:
    """Return the files of each structure by drawing: those of one stem, or one file of each rater."""
    if any(path.is_file() for path in request.paths.values()):
        if not all(len(by) == 1 for by in files.values()):
            raise InputError("masks: some are files, others folders of several; give files, or folders, of all raters")
        stem = next(iter(next(iter(files.values()))))
        return {stem: {Drawing(rater): next(iter(by.values())) for rater, by in files.items()}}
    every = {stem for by in files.values() for stem in by}
    wanted = {f"sub-{s.removeprefix('sub-')}" for s in request.subjects}
    found: dict[str, dict[Drawing, Path]] = {}
    for rater, by in files.items():
        for stem, file in by.items():
            match = REPEAT.fullmatch(stem)
            again = match is not None and match["stem"] in every
            key, repeat = (match["stem"], int(match["repeat"])) if match and again else (stem, 1)
            if not wanted or subject_in(key)[0] in wanted:
                found.setdefault(key, {})[Drawing(rater, repeat)] = file
    shared = {stem: drawn for stem, drawn in sorted(found.items()) if len({each.rater for each in drawn}) > 1}
    if not shared:
        held = "; ".join(f"{rater} has {some(by)}" for rater, by in files.items())
        raise InputError(f"no mask of one name by two raters: {held}; name masks of one thing alike")
    return shared


def drawn_alone(files: Mapping[str, Mapping[str, Path]]) -> list[str]:
    """Return a note on every mask that some rater lacks."""
    every = dict.fromkeys(stem for by in files.values() for stem in by)
    lacking = {stem: [rater for rater, by in files.items() if stem not in by] for stem in every}
    return [f"{stem}: not drawn by {', '.join(raters)}" for stem, raters in lacking.items() if raters]


def subject_in(stem: str) -> tuple[str, str]:
    """Return subject and structure that a file's stem names.

    Examples
    --------
    >>> subject_in("sub-03_seg-cord_mask"), subject_in("manual_dc")
    (('sub-03', 'seg-cord_mask'), ('one', 'manual_dc'))
    """
    match = re.match(r"(sub-[A-Za-z0-9]+)_?(.*)", stem)
    return (match[1], match[2] or "mask") if match else (ONE, stem)


def parts_of(stem: str, drawn: Mapping[Drawing, Path]) -> list[Part]:
    """Return the structures of masks: one, or each label by its name."""
    subject, structure = subject_in(stem)
    stated = {file: stated_space(file) if is_volume(file) else None for file in drawn.values()}
    default = next((space for space in stated.values() if space), f"{subject}/scanner")
    volumes: dict[Drawing, LabelVolume] = {}
    for drawing, file in drawn.items():
        names = names_beside(file) if is_volume(file) else {}
        volumes[drawing] = read_mask(file, space=stated[file] or default, names=names)
    try:
        labels = _labels(volumes)
        if len(labels) < 2:
            return [Part(subject, structure, stem, masks_of(volumes), drawn)]
        return [
            Part(subject, f"{structure} {name}", f"{stem}_label-{''.join(c for c in str(name) if c.isalnum())}",
                 masks_of(volumes, name), drawn)
            for name in labels
        ]
    except SpineModelError as problem:
        raise type(problem)(f"{', '.join(str(file) for file in drawn.values())}: {problem}") from None


def _labels(volumes: Mapping[Drawing, LabelVolume]) -> list[int | str]:
    """Return the labels of any mask, by name where they have one."""
    found: dict[int | str, None] = {}
    for volume in volumes.values():
        found |= dict.fromkeys(volume.names.get(int(n), int(n)) for n in np.unique(volume.values) if n)
    return list(found)

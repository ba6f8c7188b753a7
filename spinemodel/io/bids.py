"""A subject's folder of marker files, in the layout of the lumbosacral dataset (Liu et al. 2024).

::

    [derivatives/][markers/]sub-XX/sub-XX_{cord,dura}_{i}.json
    [derivatives/][markers/]sub-XX/sub-XX_{nerveroots,ganglions}_{L1..L5,S1,S2}_{L,R}.json

The number of a contour tells it from the others and means nothing else; ``.mrk.json`` and ``.fcsv`` are read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spinemodel.anatomy.annotation import Annotation, Markers, Roots, Source
from spinemodel.errors import InputError
from spinemodel.io.fcsv import parse_fcsv
from spinemodel.io.files import sha256
from spinemodel.io.slicer import Frame, Kind, LengthUnit, Markup, parse_markups, read_content, write_markups
from spinemodel.levels import ROOTS, RootName

_ROOTS: Final = {str(root): root for root in ROOTS}
_SUBJECT: Final = re.compile(r"sub[-_](?P<label>[a-z0-9]+)", re.IGNORECASE | re.ASCII)
_FILE: Final = re.compile(
    _SUBJECT.pattern
    + r"_((?P<contour>cord|dura)_(?P<number>\d+)|(?P<strand>nerveroots|ganglions)_"
    + rf"(?P<root>{'|'.join(_ROOTS)}))\.((mrk\.)?json|fcsv)",
    re.IGNORECASE | re.ASCII,
)
_HOMES: Final = ("derivatives/markers", "markers", ".")
"""Where a dataset keeps its subjects' folders; the published archives unpack without ``derivatives``."""

_POINT_KINDS: Final[frozenset[Kind]] = frozenset({"Fiducial", "Line", "Curve", "ClosedCurve"})
"""Markups whose points lie on what was drawn; those of an angle, a plane or a box do not."""

_NAMED: Final = 10
"""Most file names in one note."""


@dataclass(frozen=True)
class _MarkerFile:
    """What the name of a marker file says: ``place`` is the number of a contour, or the root of a strand."""

    path: Path
    subject: str
    structure: str
    place: int | RootName


@dataclass(frozen=True, eq=False)
class _Drawing:
    """What one file holds."""

    file: _MarkerFile
    markers: Markers
    source: Source
    notes: tuple[str, ...]
    stated_frame: Frame | None


def read_subject(folder: Path, subject: str | None = None, *, complete: bool = True) -> Annotation:
    """Return everything that was drawn of one subject, in RAS+ mm.

    Parameters
    ----------
    folder
        Holds the marker files, or is the root of a dataset with ``derivatives/markers/sub-XX``, ``markers/sub-XX`` or
        ``sub-XX``.
    subject
        ``sub-03`` or ``03``; needed where there are several.
    complete
        Whether a model is to be built: it needs contours of cord and dura, and notes say which roots and ganglia are
        missing. Without it any marker file is enough, such as to compare what two people drew.

    Raises
    ------
    InputError
        There is no such subject, no contour of its cord or dura (if ``complete``), one structure in two files, or a
        file that cannot be read or holds no usable point. What can be left out (stray files, missing roots) is said in
        the notes.
    """
    home, name = _choose(folder, find_subjects(folder), subject)
    files = [file for file in _marker_files(home) if file.subject == name]
    _refuse_twins(files)
    drawings = [_read(file) for file in files]
    roots, ganglia = _by_root(drawings, "nerveroots"), _by_root(drawings, "ganglions")
    return Annotation(
        subject=name,
        space=f"{name}/scanner",
        cord=_contours(drawings, "cord", (home, name) if complete else None),
        dura=_contours(drawings, "dura", (home, name) if complete else None),
        roots=roots,
        ganglia=ganglia,
        sources=tuple(drawing.source for drawing in drawings),
        notes=(
            *_skipped(home, files),
            *(note for drawing in drawings for note in drawing.notes),
            *_mixed_frames(drawings),
            *(_missing(roots, ganglia) if complete else ()),
        ),
    )


def marker_paths(folder: Path, subject: str | None = None) -> tuple[Path, ...]:
    """Return the files that :func:`read_subject` reads, in name order; it raises what that raises of the folder."""
    home, name = _choose(folder, find_subjects(folder), subject)
    return tuple(file.path for file in _marker_files(home) if file.subject == name)


def write_subject(annotation: Annotation, folder: Path, frame: Frame = "LPS", unit: LengthUnit = "mm") -> None:
    """Write the markers of a subject into ``folder`` as Slicer Markups JSON, in the layout of the dataset.

    Raises
    ------
    InputError
        The folder holds marker files that would stay beside the new ones, such as contours of an older, longer stack.
    """
    files = _layout(annotation)
    stale = [file.path.name for file in _marker_files(folder) if file.path.name not in files] if folder.exists() else []
    if stale:
        raise InputError(f"{folder}: holds other marker files ({_some(stale)}); give an empty folder or remove them")
    for name, markup in files.items():
        write_markups(folder / name, [markup], frame, unit)


def _visible(folder: Path) -> list[Path]:
    """Return what lies in a folder and is not hidden, in name order."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); give a folder of marker files") from error


def _marker_files(folder: Path) -> list[_MarkerFile]:
    """Return the marker files of a folder, of any subject, in name order."""
    matches = [(path, _FILE.fullmatch(path.name)) for path in _visible(folder)]
    return [_marker_file(path, match) for path, match in matches if match]


def _marker_file(path: Path, match: re.Match[str]) -> _MarkerFile:
    """Return what the matched name of a file says."""
    place = _ROOTS[match["root"].upper()] if match["root"] else int(match["number"])
    return _MarkerFile(path, f"sub-{match['label']}", (match["contour"] or match["strand"]).lower(), place)


def find_subjects(folder: Path) -> dict[str, Path]:
    """Return the folder of every subject that has marker files: ``folder`` itself, or folders of a dataset.

    Raises
    ------
    InputError
        If there is none.
    """
    if own := _marker_files(folder):
        return {file.subject: folder for file in own}
    for base in _HOMES:
        if homes := _homes_in(folder / base):
            return homes
    raise InputError(
        f"{folder}: expected marker files such as sub-03_cord_1.json, or a dataset with "
        "derivatives/markers/sub-XX, markers/sub-XX or sub-XX that hold them, got neither; name the right folder"
    )


def _homes_in(base: Path) -> dict[str, Path]:
    """Return the folders in ``base`` that are named after a subject and hold marker files."""
    homes: dict[str, Path] = {}
    for path in _visible(base) if base.is_dir() else []:
        match = _SUBJECT.fullmatch(path.name)
        if match and path.is_dir() and _marker_files(path):
            twin = homes.setdefault(f"sub-{match['label']}", path)
            if twin is not path:
                raise InputError(f"{base}: expected one folder per subject, got {twin.name} and {path.name}; keep one")
    return homes


def _choose(folder: Path, homes: Mapping[str, Path], subject: str | None) -> tuple[Path, str]:
    """Return the folder and the name of the subject that was asked for, or of the only one."""
    own = _SUBJECT.fullmatch(folder.resolve().name)
    if subject is not None:
        name = "sub-" + re.sub("^sub[-_]", "", subject, flags=re.IGNORECASE)
    elif own and f"sub-{own['label']}" in homes:
        name = f"sub-{own['label']}"
    elif len(homes) == 1:
        name = next(iter(homes))
    else:
        raise InputError(f"{folder}: expected one subject, got {', '.join(homes)}; name the subject to read")
    if name not in homes:
        raise InputError(f"{folder}: subject: expected one of {', '.join(homes)}, got {name}; name one of them")
    return homes[name], name


def _refuse_twins(files: Iterable[_MarkerFile]) -> None:
    """Raise where two files (two spellings, two formats) name one structure."""
    seen: dict[tuple[str, int | RootName], _MarkerFile] = {}
    for file in files:
        twin = seen.setdefault((file.structure, file.place), file)
        if twin is not file:
            raise InputError(
                f"{file.path.parent}: expected one file for {file.structure} {file.place}, got {twin.path.name} and "
                f"{file.path.name}; remove one of them"
            )


def _read(file: _MarkerFile) -> _Drawing:
    """Read one marker file, hash it and take its only markup.

    Errors state the whole path: everybody who drew a subject has files of the same names.
    """
    name, content, place = file.path.name, read_content(file.path), str(file.path)
    is_table = file.path.suffix.lower() == ".fcsv"
    markups = (parse_fcsv(content, place),) if is_table else parse_markups(content, place)
    notes = tuple(f"{name}: {note}" for markup in markups for note in markup.notes)
    markup = _only(markups, place)
    return _Drawing(file, Markers(markup.points, name), Source(name, sha256(content)), notes, markup.stated_frame)


def _only(markups: Sequence[Markup], name: str) -> Markup:
    """Return the one markup that has points."""
    drawn = [markup for markup in markups if len(markup.points)]
    if not drawn:
        raise InputError(f"{name}: expected points with a defined position, got none; draw them or remove the file")
    if len(drawn) > 1:
        raise InputError(f"{name}: markups: expected one with points, got {len(drawn)}; save each in a file of its own")
    if drawn[0].kind not in _POINT_KINDS:
        raise InputError(f"{name}: markups: expected points or a curve, got {drawn[0].kind}; save the drawn points")
    return drawn[0]


def _contours(
    drawings: Iterable[_Drawing], structure: str, needed_of: tuple[Path, str] | None
) -> tuple[Markers, ...]:
    """Return the contours of the cord or the dura, of which there must be some if ``needed_of`` a folder's subject."""
    contours = tuple(drawing.markers for drawing in drawings if drawing.file.structure == structure)
    if needed_of is not None and not contours:
        home, subject = needed_of
        raise InputError(
            f"{home}: expected contours of the {structure}, got none; add {subject}_{structure}_1.json and so on"
        )
    return contours


def _by_root(drawings: Iterable[_Drawing], structure: str) -> dict[RootName, Markers]:
    """Return the strands of one structure, from head to foot."""
    found = {drawing.file.place: drawing.markers for drawing in drawings if drawing.file.structure == structure}
    return {root: found[root] for root in ROOTS if root in found}


def _skipped(home: Path, used: Iterable[_MarkerFile]) -> list[str]:
    """Return a note on what lies in the folder and was not read."""
    read = {file.path for file in used}
    stray = [path.name for path in _visible(home) if path not in read]
    return [f"skipped, not a marker file of this subject: {_some(stray)}"] if stray else []


def _mixed_frames(drawings: Sequence[_Drawing]) -> list[str]:
    """Return a note where files state different frames: each is believed, but Slicer writes one subject in one."""
    frames = [drawing.stated_frame for drawing in drawings]
    rarer = min(sorted(set(map(str, frames))), key=list(map(str, frames)).count)
    odd = [drawing.file.path.name for drawing in drawings if drawing.stated_frame == rarer]
    return [f"frames differ: {_some(odd)} stated as {rarer}, the others not"] if len(odd) < len(frames) else []


def _missing(roots: Roots, ganglia: Roots) -> list[str]:
    """Return a note for every root and every ganglion that was not drawn."""
    notes = []
    for root in ROOTS:
        if root not in roots:
            unused = ", its ganglion is not used" if root in ganglia else ""
            notes.append(f"no root {root}: built without it{unused}")
        elif root not in ganglia:
            notes.append(f"no ganglion {root}: the root ends where its markers end")
    return notes


def _some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _layout(annotation: Annotation) -> dict[str, Markup]:
    """Return the markup of every file by the file's name."""
    drawn: dict[str, tuple[Kind, Markers]] = {}
    for structure, contours in (("cord", annotation.cord), ("dura", annotation.dura)):
        drawn |= {f"{structure}_{i}": ("ClosedCurve", markers) for i, markers in enumerate(contours, 1)}
    for structure, strands in (("nerveroots", annotation.roots), ("ganglions", annotation.ganglia)):
        drawn |= {f"{structure}_{root}": ("Fiducial", markers) for root, markers in strands.items()}
    return {
        f"{annotation.subject}_{name}.json": Markup(
            kind, markers.points, tuple(f"{name}-{i + 1}" for i in range(len(markers.points)))
        )
        for name, (kind, markers) in drawn.items()
    }

"""Markers as raters keep them: folders of marker files, or tables of points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from spinemodel.anatomy.annotation import Annotation, Source
from spinemodel.cli.show import step
from spinemodel.errors import SpineModelError
from spinemodel.io.bids import find_subjects, read_subject
from spinemodel.io.marker_tables import is_table, read_points
from spinemodel.vertebrae.datasets.summary import some

if TYPE_CHECKING:
    from spinemodel.cli.agree.request import Request

Drawn: TypeAlias = Mapping[str, Mapping[str, Annotation]]
"""Annotations by subject and rater."""


Failures: TypeAlias = Mapping[str, SpineModelError]
"""Why subjects cannot be compared, by subject."""


def read_drawn(request: Request) -> tuple[Drawn, dict[str, SpineModelError]]:
    """Return what the raters drew, and the subjects of whom someone's files cannot be read, less from the first."""
    drawn: dict[str, dict[str, Annotation]] = {}
    failed: dict[str, SpineModelError] = {}
    for rater, path in request.paths.items():
        with step(f"Reading {path}"):
            for subject, annotation in _read(path, request):
                if isinstance(annotation, Annotation):
                    drawn.setdefault(subject, {})[rater] = annotation
                else:
                    failed.setdefault(subject, annotation)
    return {subject: by for subject, by in sorted(drawn.items()) if subject not in failed}, failed


def _read(path: Path, request: Request) -> Iterator[tuple[str, Annotation | SpineModelError]]:
    """Yield what one rater drew of each subject that is asked for, or why it cannot be read."""
    wanted = {name if name.startswith("sub-") else f"sub-{name}" for name in request.subjects}
    if is_table(path):
        by_subject = read_points(path, frame=request.frame, unit=request.unit)
        yield from ((name, each) for name, each in by_subject.items() if not wanted or name in wanted)
        return
    for name in sorted(find_subjects(path)):
        if not wanted or name in wanted:
            try:
                yield name, read_subject(path, name, complete=False)
            except SpineModelError as problem:
                yield name, problem


def with_path(told: str, request: Request) -> str:
    """Return a message that names a rater and one of their files, ``ben: sub-03_cord_5.json: ...``, with its path."""
    for rater, path in request.paths.items():
        name, colon, rest = told.removeprefix(f"{rater}: ").partition(": ")
        if told.startswith(f"{rater}: ") and colon and path.is_dir():
            files = [file for file in path.rglob("*") if file.name == name]
            return f"{rater}: {files[0]}: {rest}" if len(files) == 1 else told
    return told


def lacking(request: Request, drawn: Drawn) -> dict[str, tuple[str, ...]]:
    """Return by subject the raters who did not draw it, of subjects that not all drew."""
    return {
        subject: tuple(rater for rater in request.paths if rater not in by)
        for subject, by in drawn.items()
        if len(by) < len(request.paths)
    }


def subject_notes(request: Request, drawn: Drawn) -> list[str]:
    """Return who did not draw a subject, whose frame is not stated, and what was left out of the files."""
    notes = []
    for subject, others in lacking(request, drawn).items():
        drew = ", ".join(drawn[subject])
        if len(drawn[subject]) == 1:
            notes.append(f"{subject}: drawn by {drew} alone; not compared")
        else:
            notes.append(f"{subject}: not drawn by {', '.join(others)}; compared as drawn by {drew}")
    read = [
        f"{subject} of {rater}: {note}"
        for subject, by in drawn.items()
        for rater, annotation in by.items()
        if not is_table(request.paths[rater])
        for note in annotation.notes
    ]
    return [*notes, *_without_frame(request, drawn), *read]


def _without_frame(request: Request, drawn: Drawn) -> Iterator[str]:
    """Say whose marker files state no frame, and as which one they were taken."""
    for rater, path in request.paths.items():
        homes = find_subjects(path) if path.is_dir() else {}
        files = [
            file.name
            for subject, home in homes.items() if subject in drawn
            for file in sorted(home.glob(f"{subject}_*.json"))
            if '"coordinateSystem"' not in file.read_text(encoding="utf-8-sig", errors="replace")
        ]
        if files:
            count = f"{len(files)} file{'s state' if len(files) > 1 else ' states'} no coordinateSystem"
            yield f"{rater}: {count} ({some(files)}); taken as LPS, Slicer's own"


def sources_of(request: Request, drawn: Drawn) -> dict[str, list[Source]]:
    """Return the files of each rater."""
    sources: dict[str, list[Source]] = {rater: [] for rater in request.paths}
    for by in drawn.values():
        for rater, annotation in by.items():
            sources[rater] += [each for each in annotation.sources if each not in sources[rater]]
    return sources


def same_files(sources: Mapping[str, list[Source]]) -> list[str]:
    """Return a note on raters whose files are the same: of two files by their content, of folders by the names too.

    Examples
    --------
    >>> one, other = Source("sub-03_cord_1.json", "a" * 64), Source("sub-03_cord_2.json", "b" * 64)
    >>> exchanged = [Source(one.name, other.sha256), Source(other.name, one.sha256)]
    >>> same_files({"anna": [one, other], "ben": exchanged, "cleo": [other, one]})
    ['anna and cleo: their files are the same']
    """
    held = {
        rater: sorted((each.name if len(files) > 1 else "", each.sha256) for each in files)
        for rater, files in sources.items()
    }
    return [f"{a} and {b}: their files are the same" for a, b in combinations(held, 2) if held[a] == held[b] != []]

"""Markers as raters keep them: folders of marker files, or tables of points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from spinemodel.anatomy.annotation import Annotation, Source
from spinemodel.cli.show import step
from spinemodel.io.bids import find_subjects, read_subject
from spinemodel.io.marker_tables import is_table, read_points

if TYPE_CHECKING:
    from spinemodel.cli.agree.request import Request

Drawn: TypeAlias = Mapping[str, Mapping[str, Annotation]]
"""Annotations by subject and rater."""


def read_drawn(request: Request) -> Drawn:
    """Return what the raters drew."""
    drawn: dict[str, dict[str, Annotation]] = {}
    for rater, path in request.paths.items():
        with step(f"Reading {path}"):
            for annotation in _read(path, request):
                drawn.setdefault(annotation.subject, {})[rater] = annotation
    return drawn


def _read(path: Path, request: Request) -> Iterator[Annotation]:
    """Yield what one rater drew, of the subjects that are asked for."""
    wanted = {name if name.startswith("sub-") else f"sub-{name}" for name in request.subjects}
    if is_table(path):
        by_subject = read_points(path, frame=request.frame, unit=request.unit)
        yield from (each for name, each in by_subject.items() if not wanted or name in wanted)
        return
    yield from (read_subject(path, name) for name in sorted(find_subjects(path)) if not wanted or name in wanted)


def sources_of(request: Request, drawn: Drawn) -> dict[str, list[Source]]:
    """Return the files of each rater."""
    sources: dict[str, list[Source]] = {rater: [] for rater in request.paths}
    for by in drawn.values():
        for rater, annotation in by.items():
            sources[rater] += [each for each in annotation.sources if each not in sources[rater]]
    return sources


def same_files(sources: Mapping[str, list[Source]]) -> list[str]:
    """Return a note on raters whose files are the same."""
    hashes = {rater: sorted(each.sha256 for each in files) for rater, files in sources.items()}
    return [f"{a} and {b}: their files are the same" for a, b in combinations(hashes, 2) if hashes[a] == hashes[b]]

"""What was read, and how to repeat it: for a program, and for who reads the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spinemodel.cli.agree.kinds import Kind
from spinemodel.cli.agree.request import Request

if TYPE_CHECKING:
    from spinemodel.report.agreement_page import Findings
    from spinemodel.report.page import Section

RECORD: Final = "agreement.json"

FORMAT: Final = 1
"""Version of the layout of ``agreement.json``."""


def record_of(
    kind: Kind, request: Request, findings: Findings, folder: Path, files: Sequence[Path]
) -> dict[str, Any]:
    """Return what was compared, how, and what was written."""
    from spinemodel import __version__
    from spinemodel.io.files import sha256

    return {
        "format": FORMAT,
        "spinemodel": __version__,
        "kind": kind,
        "subjects": list(findings.subjects),
        "failed": dict(findings.failed),
        "raters": {
            name: {
                "path": path.as_posix(),
                "sources": [{"name": each.name, "sha256": each.sha256} for each in findings.sources[name]],
            }
            for name, path in request.paths.items()
        },
        "parameters": _parameters(request),
        "frame": "RAS",
        "unit": "mm",
        "notes": list(findings.notes),
        "files": [{"path": file.as_posix(), "sha256": sha256((folder / file).read_bytes())} for file in files],
    }


def _parameters(request: Request) -> dict[str, Any]:
    """Return the options that decide over the numbers."""
    from spinemodel.io.files import plain

    told = {name: getattr(request, name) for name in ("subjects", "frame", "unit", "order", "models")}
    return {**{name: plain(value) for name, value in told.items()}, "bootstrap": plain(request.draws)}


def about(request: Request, findings: Findings) -> Section:
    """Return the last section: what was read, and how to repeat it."""
    from spinemodel import __version__
    from spinemodel.io.files import sha256
    from spinemodel.report.page import Section, Table

    rows = [
        {
            "rater": name,
            "path": path.as_posix(),
            "files": str(len(findings.sources[name])),
            "sha256": sha256("".join(each.sha256 for each in findings.sources[name]).encode()),
        }
        for name, path in request.paths.items()
    ]
    caption = f"What was read. The last column is the SHA-256 of the files' own ones, which {RECORD} lists"
    how = (
        f"Made by spinemodel {__version__}. Intervals hold the truth in {100 * request.draws.level:g} % of studies; "
        f"unless said otherwise they are {request.draws.interval} bootstrap intervals over subjects of "
        f"{request.draws.resamples} draws with seed {request.draws.seed}. Lengths are mm, places RAS+."
    )
    return Section("What was read, and how", [how], tables=[Table("sources", caption, rows)])

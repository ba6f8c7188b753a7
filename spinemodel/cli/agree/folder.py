"""The folder of an agreement: tables, consensus, figures, page and record, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spinemodel.cli.agree.kinds import Kind
from spinemodel.cli.agree.record import RECORD, about, record_of
from spinemodel.cli.agree.request import Request
from spinemodel.cli.show import step
from spinemodel.errors import InputError

if TYPE_CHECKING:
    from spinemodel.report.agreement_page import Findings

PAGE: Final = "report.html"


def require_apart(out: Path, paths: Sequence[Path]) -> None:
    """Refuse to write into what is read, or into a folder that holds it, such as a rater's one of all subjects."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: is a file; expected a folder")
    for path in paths:
        if path.is_dir() and (out.resolve() == path.resolve() or path.resolve() in out.resolve().parents):
            raise InputError(f"--out {out}: lies in {path}, which is read; choose another folder")
        if path.is_dir() and out.resolve() in path.resolve().parents:
            raise InputError(f"--out {out}: holds {path}, which is read; choose another folder, such as a new one")


def write_folder(out: Path, kind: Kind, request: Request, report: Callable[[Path], Findings]) -> Findings:
    """Write the folder: tables, consensus, figures and page, and the record last."""
    from spinemodel.io.staging import move_into_place, staged
    from spinemodel.io.tables import write_rows
    from spinemodel.report.page import write_page

    with staged(out) as folder, step(f"Writing {out}"):
        findings = report(folder)
        for name, rows in findings.tables.items():
            if rows:
                write_rows(folder / f"{name}.tsv", rows)
        title = f"Agreement of {', '.join(request.paths)}"
        write_page(folder / PAGE, title, [*findings.sections, about(request, findings)])
        files = [file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.is_file()]
        _require_no_input(out, files, request)
        for file in files:
            (out / file).parent.mkdir(parents=True, exist_ok=True)
        record = record_of(kind, request, findings, folder, files)
        stale = _previous(out) - {out / file for file in files}
        move_into_place(folder, out / RECORD, record, stale)
    return findings


def _require_no_input(out: Path, files: Sequence[Path], request: Request) -> None:
    """Refuse to replace what was read, such as a consensus that lies in the folder."""
    written = {(out / file).resolve() for file in files} | {(out / file).resolve().parent for file in files}
    hit = next((path for path in request.paths.values() if path.resolve() in written - {out.resolve()}), None)
    if hit is not None:
        raise InputError(f"--out {out}: would replace {hit}, which is read; choose another folder")


def _previous(out: Path) -> set[Path]:
    """Return the files that an earlier record names."""
    import json

    try:
        return {out / each["path"] for each in json.loads((out / RECORD).read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()

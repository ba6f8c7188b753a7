"""Rows of text by column, as tab-separated values that a spreadsheet reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from spinemodel.io.files import atomic

Row: TypeAlias = dict[str, str]
"""One line of a table: text by column."""


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as tab-separated values, whole or not at all."""
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)] if rows else [""]
    with atomic(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")

"""What a comparison found: what is written, printed, and stands on its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spinemodel.anatomy.annotation import Source
from spinemodel.io.tables import Row
from spinemodel.report.page import Section


@dataclass(frozen=True)
class Findings:
    """What came of a comparison.

    Attributes
    ----------
    tables
        Rows to write, by the stem of their file.
    sections
        Of the page.
    sources
        Files that were read, by rater.
    subjects
        Who was compared.
    shown
        Title and rows to print.
    notes
        One sentence each.
    failed
        Why some subjects could not be compared, one line each, by subject.
    """

    tables: Mapping[str, Sequence[Row]]
    sections: Sequence[Section]
    sources: Mapping[str, Sequence[Source]]
    subjects: Sequence[str]
    shown: tuple[str, Sequence[Row]]
    notes: Sequence[str] = ()
    failed: Mapping[str, str] = field(default_factory=dict)

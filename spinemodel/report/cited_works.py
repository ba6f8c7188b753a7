"""From what is said of where a value was read to the work that a list of references names, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable

WITHIN: re.Pattern[str] = re.compile(r" \((?!\d{4}\w?\))(?:[^()]|\([^()]*\))*\)")
"""The place in a work, in brackets; a year in them is the work's own."""

PROGRAM: re.Pattern[str] = re.compile(r"^([^,]+), .*, (github\.com/\S+)$")
"""A program, a file of its, and where it lies."""


def works_of(sources: Iterable[str]) -> list[str]:
    """Return the works that sources of values name, in order and each once; what is only a choice names none.

    Examples
    --------
    >>> works_of(["A 2013, Table 1 (fat)", "not in B; A 2013, Table 1 (bone)", "as others do; a choice"])
    ['A 2013, Table 1']
    >>> works_of(["C, c/fat.json (fat), github.com/c/c", "C, c/csf.json, github.com/c/c", "D (1990); as fat, a choice"])
    ['C, github.com/c/c', 'D (1990)']
    """
    return list(dict.fromkeys(work for source in sources if (work := _work(source))))


def _work(source: str) -> str:
    """Return the work that a source names; empty where it is a choice."""
    said = source.split("; ")
    if any(part.strip(". ").lower().startswith("a choice") for part in said):
        return ""
    kept = [part for part in said if not part.startswith("not in ") and "a choice" not in part]
    return PROGRAM.sub(r"\1, \2", WITHIN.sub("", "; ".join(kept)))

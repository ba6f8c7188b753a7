"""The study of the synthetic subject that ships."""

from __future__ import annotations

from pathlib import Path
from typing import Final

NAME: Final = "study_phantom.toml"

_CANDIDATES: Final = (Path(__file__).with_name(NAME), Path(__file__).parents[2] / "examples" / NAME)
"""Beside this module in a wheel, among the examples of a source tree."""


def example_text() -> str:
    """Return the study as TOML."""
    path = next(path for path in _CANDIDATES if path.exists())
    return path.read_text(encoding="utf-8")

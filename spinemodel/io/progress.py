"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told what is being done, the bytes done and the bytes in all (None where unknown)."""


def silent(_what: str, _done: int, _total: int | None) -> None:
    """Take no notice of the progress."""

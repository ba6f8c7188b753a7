"""What ``spinemodel agree`` is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinemodel.agreement.bootstrap import Draws
    from spinemodel.io.marker_tables import Frame, Unit


@dataclass(frozen=True)
class Request:
    """What is asked for; fields as the options of ``spinemodel agree``."""

    paths: Mapping[str, Path]
    subjects: tuple[str, ...]
    draws: Draws
    frame: Frame | None
    unit: Unit | None
    order: tuple[str, ...]
    models: bool
    figures: bool

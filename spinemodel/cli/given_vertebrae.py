"""What ``spinemodel build`` prints of the vertebrae that were given to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spinemodel.cli.tables import print_rows

if TYPE_CHECKING:
    from spinemodel.anatomy.curves import Centreline
    from spinemodel.io.given_vertebrae import GivenVertebrae


def print_given(given: GivenVertebrae, lines: Mapping[str, Centreline]) -> None:
    """Print how each vertebra lies to dura, ganglia and roots."""
    from spinemodel.cli.show import say

    sides: dict[str, dict[str, str]] = {}
    for root, value in (given.fit.ganglia_mm if given.fit else {}).items():
        sides.setdefault(root.level, {})[root.side] = f"{value:.1f}"
    rows = [
        {
            "vertebra": name,
            "dura to bone mm": f"{given.clearance[name].least_mm:.1f}" if name in given.clearance else "-",
            **{f"ganglion {side} mm": sides.get(name, {}).get(side, "-") for side in ("L", "R")},
        }
        for name in given.surfaces
    ]
    print_rows(f"Vertebrae ({given.how}): distance of ganglia from the middle of their foramina", rows)
    if given.fit:
        say(given.fit.verdict)
    for note in (*(given.fit.notes if given.fit else ()), *_roots_in_bone(given, lines)):
        say(f"note: {note}")


def _roots_in_bone(given: GivenVertebrae, lines: Mapping[str, Centreline]) -> list[str]:
    """Return a sentence on each root that runs through given bone, which gives way to it."""
    from spinemodel.anatomy.proximity import Proximity, signed_distance

    bones = {name: Proximity(surface) for name, surface in given.surfaces.items()}
    notes = []
    for root, line in lines.items():
        depths = {name: -float(signed_distance(bone, line.points)[0].min()) for name, bone in bones.items()}
        name = max(depths, key=lambda key: depths[key])
        if depths[name] > 0:
            notes.append(f"root {root} runs up to {depths[name]:.1f} mm deep through {name}, whose bone gives way")
    return notes

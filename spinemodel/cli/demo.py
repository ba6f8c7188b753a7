"""``spinemodel demo``: the main job on a synthetic subject."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemodel.cli.build import build_and_write
from spinemodel.cli.options import WithFigures
from spinemodel.cli.show import console, say, step


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("demo"),
    figures: WithFigures = True,
) -> None:
    """Make a synthetic subject whose volumes are known, write its marker files, build the model and its tissues.

    Example: spinemodel demo --out demo
    """
    from spinemodel.anatomy.model import BuildParameters
    from spinemodel.anatomy.phantom import Phantom, annotate, cord_volume, dura_volume
    from spinemodel.anatomy.tissues import TissueParameters
    from spinemodel.anatomy.volumes import volume_below
    from spinemodel.io.bids import read_subject, write_subject

    phantom = Phantom(noise_mm=0.1, seed=3)
    markers = out / "markers" / phantom.subject
    with step("Writing marker files"):
        write_subject(annotate(phantom), markers)
    say(f"markers of a synthetic subject: {markers}")
    anatomy = build_and_write(
        read_subject(markers), out / "model", BuildParameters(), completed=TissueParameters(), figures=figures
    )
    for name, truth in (("Cord", cord_volume(phantom)), ("Dura", dura_volume(phantom))):
        # What lies above the scan's end, with the normal towards the foot: below it, the build has continued the sac.
        built = volume_below(anatomy.surfaces[name], (0.0, 0.0, phantom.bottom_z), (0.0, 0.0, -1.0))
        console.print(f"{name}: {built:.0f} mm3, known to be {truth:.0f} mm3 ({100 * (built / truth - 1):+.2f} %)")
    for picture in sorted((out / "model").glob("*/figures/*.png")):
        say(f"look at {picture}")

"""``spinemodel demo``: a whole study of a synthetic subject."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spinemodel.cli.run import run_and_tell
from spinemodel.cli.show import console, say, step


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("demo"),
    figures: Annotated[bool, typer.Option(help="Draw the pictures of the report.")] = True,
) -> None:
    """Run a small study of a synthetic subject whose volumes are known, from markers to the report.

    The study is written as OUT/study.toml: change it, and run it again with `spinemodel run`.

    Example: spinemodel demo --out demo
    """
    from spinemodel.io.files import atomic
    from spinemodel.io.study_file import read_study
    from spinemodel.study.example import example_text

    source = out / "study.toml"
    text = example_text() + ("" if figures else "\n[report]\nfigures = false\n")
    with atomic(source) as temporary:
        temporary.write_text(text, encoding="utf-8")
    say(f"study of a synthetic subject: {source}")
    run_and_tell(read_study(source), out, source)
    _print_volumes(out)


def _print_volumes(out: Path) -> None:
    """Print the volumes of cord and dura beside what they are known to be."""
    from spinemodel.anatomy.phantom import Phantom, cord_volume, dura_volume
    from spinemodel.anatomy.volumes import volume_below
    from spinemodel.io.model import read_surfaces
    from spinemodel.io.shapes import the_model

    phantom = Phantom()
    with step("Measuring"):
        surfaces = read_surfaces(the_model(out / "model"))
    for name, truth in (("Cord", cord_volume(phantom)), ("Dura", dura_volume(phantom))):
        # What lies above the scan's end, with the normal towards the foot: below it, the build has continued the sac.
        built = volume_below(surfaces[name], (0.0, 0.0, phantom.bottom_z), (0.0, 0.0, -1.0))
        console.print(f"{name}: {built:.0f} mm3, known to be {truth:.0f} mm3 ({100 * (built / truth - 1):+.2f} %)")

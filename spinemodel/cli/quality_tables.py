"""What ``spinemodel quality`` writes: the tables of each image, the table of all, and the violins of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.cli.show import say
from spinemodel.errors import BackendUnavailableError

if TYPE_CHECKING:
    from spinemodel.arrays import FloatArray
    from spinemodel.io.anatqc import ImageName
    from spinemodel.io.tables import Row
    from spinemodel.quality.slices import Quality
    from spinemodel.report.quality import Drawn


def summary_path(out: Path) -> Path:
    """Return the table of all images."""
    from spinemodel.io.anatqc_summary import summary_path

    return summary_path(out)


def figure_path(out: Path) -> Path:
    """Return the figure of all images."""
    return summary_path(out).with_suffix(".png")


def write_tables(out: Path, found: Mapping[ImageName, Quality], rows: Sequence[Row], figure: bool) -> None:
    """Write the tables of images, add their rows to the table of all, and draw all or take an old figure away.

    Raises
    ------
    InputError
        If the table of all is there and is none that this command wrote; then nothing is written.
    """
    from spinemodel.io.anatqc import write_anatqc
    from spinemodel.io.anatqc_summary import merge_summary, read_summary

    path, picture = summary_path(out), figure_path(out)
    if path.exists():
        read_summary(path, tuple(rows[0]))
    for name, measured in found.items():
        for written in write_anatqc(out, name, measured):
            say(str(written))
    merged = merge_summary(out, rows)
    say(str(path))
    if others := len({(row["subject"], row["image"]) for row in merged}) - len(found):
        say(f"note: {path.name} keeps {others} image{'s' * (others > 1)} of earlier calls")
    if figure:
        _draw(out, merged)
    elif picture.exists():
        picture.unlink()
        say(f"note: {picture} was of an earlier call and is taken away; draw it anew with --figure")


def _draw(out: Path, rows: Sequence[Row]) -> None:
    """Draw the violins of SNR and CNR of all images."""
    from spinemodel.io.anatqc_summary import name_in
    from spinemodel.report.quality import render_quality

    path = figure_path(out)
    try:
        render_quality(path, [_drawn(out, name) for name in dict.fromkeys(map(name_in, rows))])
        say(str(path))
    except BackendUnavailableError as missing:
        path.unlink(missing_ok=True)
        say(f"note: figure left out: {missing}")


def _drawn(out: Path, name: ImageName) -> Drawn:
    """Return what is drawn of an image, as its tables have it."""
    import numpy as np

    from spinemodel.io.anatqc import anatqc_paths, read_anatqc
    from spinemodel.report.quality import Drawn

    values: dict[str, FloatArray] = {
        kind: np.array(read_anatqc(path)[kind], dtype=np.float64) for kind, path in anatqc_paths(out, name).items()
    }
    label = name.stem.removeprefix(f"{name.subject}_") if name.stem != name.subject else name.sequence
    return Drawn(name.subject, label, values)

"""What ``spinemodel quality`` writes: the tables of each image, the table of all, and the violins of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spinemodel.cli.show import say
from spinemodel.errors import BackendUnavailableError

if TYPE_CHECKING:
    from spinemodel.arrays import FloatArray
    from spinemodel.cli.quality_masks import Asked
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


def settings(asked: Asked, found: Quality, masks: Iterable[Path]) -> str:
    """Return what the numbers of an image depend on beside image and masks, short: ``roots=no slices=k least=20``.

    Options at their default that change nothing are left out. ``slices`` is the axis that was taken.
    """
    from spinemodel.io.metaimage import is_metaimage
    from spinemodel.io.sidecar import is_volume

    kinds = {"labels" if is_volume(path) or is_metaimage(path) else "surfaces" for path in masks}
    words: dict[str, object] = {
        "masks": "surfaces" if "surfaces" in kinds else "labels",  # beside surfaces, a volume is of air alone
        "roots": "yes" if asked.roots else "no",
        "slices": "ijk"[found.axis.axis],
        "least": asked.least,
        "samples": asked.samples if asked.samples > 1 else None,
        "csf-above": asked.csf_above,
        "cord-below": asked.cord_below,
        "in-place": "yes" if asked.in_place else None,
    }
    words |= {str(role): text for role, text in asked.labels.items()}
    return " ".join(f"{key}={'_'.join(str(word).split())}" for key, word in words.items() if word is not None)


def distinct(texts: Sequence[str]) -> dict[str, str]:
    """Return of each settings the words that not all of them have; empty where all are the same.

    Examples
    --------
    >>> distinct(["roots=yes slices=k", "roots=no slices=k"])
    {'roots=yes slices=k': 'roots=yes', 'roots=no slices=k': 'roots=no'}
    """
    words = {text: text.split() for text in texts}
    common = set.intersection(*map(set, words.values())) if words else set()
    return {text: " ".join(word for word in own if word not in common) for text, own in words.items()}


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
    if len(told := distinct([row["settings"] for row in merged])) > 1:
        say(f"note: {path.name} holds images measured in {len(told)} ways, which do not compare: {' | '.join(told)}")
    if figure:
        _draw(out, merged)
    elif picture.exists():
        picture.unlink()
        say(f"note: {picture} was of an earlier call and is taken away; draw it anew with --figure")


def _draw(out: Path, rows: Sequence[Row]) -> None:
    """Draw the violins of SNR and CNR of all images; those made with other settings under a name of their own."""
    from spinemodel.io.anatqc_summary import name_in
    from spinemodel.report.quality import render_quality

    path = figure_path(out)
    apart = distinct([row["settings"] for row in rows])
    names = {name_in(row): apart[row["settings"]] for row in rows}
    try:
        render_quality(path, [_drawn(out, name, words) for name, words in names.items()])
        say(str(path))
    except BackendUnavailableError as missing:
        path.unlink(missing_ok=True)
        say(f"note: figure left out: {missing}")


def _drawn(out: Path, name: ImageName, words: str) -> Drawn:
    """Return what is drawn of an image, as its tables have it; with the words that tell its settings from others'."""
    import numpy as np

    from spinemodel.io.anatqc import anatqc_paths, read_anatqc
    from spinemodel.report.quality import Drawn

    values: dict[str, FloatArray] = {
        kind: np.array(read_anatqc(path)[kind], dtype=np.float64) for kind, path in anatqc_paths(out, name).items()
    }
    label = name.stem.removeprefix(f"{name.subject}_") if name.stem != name.subject else name.sequence
    return Drawn(name.subject, f"{label}, {words}" if words else label, values)

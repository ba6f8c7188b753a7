"""``spinemodel quality``: SNR and CNR of images, slice by slice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import typer

from spinemodel.cli.outputs import require_free
from spinemodel.cli.quality_masks import Asked, common_space, mask_paths, masks_there, read_given, regions_of
from spinemodel.cli.quality_place import placed
from spinemodel.cli.quality_tables import figure_path, settings, summary_path, write_tables
from spinemodel.cli.show import say, step
from spinemodel.cli.tables import print_rows
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError, SpineModelError
from spinemodel.io.tables import Row

if TYPE_CHECKING:
    from spinemodel.io.anatqc import ImageName
    from spinemodel.quality.regions import Role
    from spinemodel.quality.slices import Quality
    from spinemodel.quality.summary import Spread

NONE: Final = "n/a"

NUMBERS: Final = ("slices", "mean", "SD", "min", "max", "as one")

IMAGES: Final = re.compile(r"\.(nii(\.gz)?|mha|mhd)$", re.IGNORECASE)

Label: TypeAlias = str | None


def quality(
    images: Annotated[list[Path], typer.Argument(help="Images (NIfTI, MetaImage), or folders as in BIDS.")],
    masks: Annotated[
        list[str],
        typer.Option(
            "--masks",
            metavar="[ROLE=]PATH",
            help="Model folder, mesh or label volume; repeatable. {subject} and {name} are filled in from the image. "
            "With ROLE= (csf, cord, roots, sac, air) all of it is that.",
        ),
    ],
    csf: Annotated[Label, typer.Option(metavar="N", help="Label of CSF, number or name; several by commas.")] = None,
    cord: Annotated[Label, typer.Option(metavar="N", help="Label of the cord.")] = None,
    roots: Annotated[Label, typer.Option(metavar="N", help="Label of the roots.")] = None,
    dura: Annotated[Label, typer.Option(metavar="N", help="Label of sac or canal: CSF is what is left of it.")] = None,
    air: Annotated[Label, typer.Option(metavar="N", help="Label of air outside the body.")] = None,
    with_roots: Annotated[
        bool, typer.Option("--with-roots/--without-roots", help="Count roots in the sac as cord, or not at all.")
    ] = True,
    csf_above: Annotated[
        float | None, typer.Option(metavar="VALUE", help="In the sac, CSF is brighter than this, whatever the masks.")
    ] = None,
    cord_below: Annotated[
        float | None, typer.Option(metavar="VALUE", help="With --csf-above: cord is no brighter. Default: the same.")
    ] = None,
    samples: Annotated[
        int, typer.Option(metavar="N", help="Of a model: weigh voxels by N x N x N samples of what fills them.")
    ] = 1,
    slices: Annotated[
        Literal["auto", "i", "j", "k"], typer.Option(help="Axis that numbers the slices; auto: of largest spacing.")
    ] = "auto",
    least: Annotated[int, typer.Option(metavar="N", help="Least voxels of CSF and of cord in a slice.")] = 20,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="The model is in the image's frame: do not look for it elsewhere.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write tables as DIR/derivatives/anatqc/sub-XX.")
    ] = None,
    figure: Annotated[
        bool, typer.Option("--figure", help="With --out: draw violins of all images there, as anatqc/quality.png.")
    ] = False,
) -> None:
    """Print signal to noise and contrast to noise of CSF and cord, over the slices of each image.

    SNR and CNR are as in Liu et al. 2024: the foreground's mean over its SD, and the difference of the means over
    sqrt(var CSF + var cord). SNR_within has the SD within the classes; those named mriqc are MRIQC's. A model that the
    image shows elsewhere is refused, with how far; the other images are measured and written all the same.
    DIR/derivatives/anatqc/quality.tsv keeps what earlier calls wrote; its columns "settings" and "note" tell what they
    measured with, and what is doubtful of an image.

    Example: spinemodel quality sub-03_CISS.nii.gz sub-03_T2TSE.nii.gz --masks models/sub-03 --out data --figure

    Example: spinemodel quality sub-mri_T2w.nii.gz --masks sub-mri_msk.nii.gz --cord 60 --csf 61

    Example: spinemodel quality rawdata --masks "models/{subject}" --masks "air=masks/{name}_air.nii.gz" --out data

    Example: spinemodel quality sub-03_CISS.nii.gz --masks models/sub-03 --csf-above 600 --cord-below 400
    """
    from spinemodel.io.anatqc import anatqc_paths, image_name

    labels: dict[Role, Label] = {"csf": csf, "cord": cord, "roots": roots, "sac": dura, "air": air}
    asked = Asked(
        masks=tuple(masks),
        labels={role: text for role, text in labels.items() if text is not None},
        roots=with_roots,
        csf_above=csf_above,
        cord_below=cord_below,
        samples=samples,
        along=slices,
        least=least,
        in_place=in_place,
    )
    _require_sound(asked, out, figure)
    names = {path: image_name(path) for path in _images(images)}
    ours = [summary_path(out), figure_path(out)] if out else []
    tables = [path for name in names.values() for path in anatqc_paths(out, name).values()] if out else []
    require_free([*ours, *tables], [*names, *(path for name in names.values() for path in masks_there(asked, name))])
    found: dict[ImageName, Quality] = {}
    rows: list[Row] = []
    failed: dict[Path, SpineModelError] = {}
    for path, name in names.items():
        try:
            found[name] = _measured(path, name, asked)
        except SpineModelError as problem:
            failed[path] = problem
            if len(names) > 1:
                say(f"not measured: {problem}" if str(path) in str(problem) else f"not measured: {path}: {problem}")
        else:
            rows += _told(path, name, found[name], asked)
    if out is not None and found:
        write_tables(out, found, rows, figure)
    _require_all(failed, len(names))


def _require_all(failed: Mapping[Path, SpineModelError], images: int) -> None:
    """Raise where images could not be measured, naming them; of a single image, why."""
    if images == 1:
        for problem in failed.values():
            raise problem
    if failed:
        names = ", ".join(map(str, failed))
        raise InputError(f"{len(failed)} of {images} images could not be measured, for the reasons above: {names}")


def _require_sound(asked: Asked, out: Path | None, figure: bool) -> None:
    """Refuse options that contradict each other, before anything is read."""
    if figure and out is None:
        raise InputError("--figure: expected --out, the folder to draw into")
    if asked.cord_below is not None and asked.csf_above is None:
        raise InputError("--cord-below: expected --csf-above too")
    if asked.csf_above is not None and asked.samples > 1:
        raise InputError("--samples: voxels told by thresholds count whole; leave out --samples or --csf-above")


def _images(given: Sequence[Path]) -> list[Path]:
    """Return the images: files as they are, and of folders what lies in folders called anat, derivatives left out."""
    found: list[Path] = []
    for path in given:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [file for file in sorted(path.rglob("anat/*")) if IMAGES.search(file.name)]
        images = [file for file in inside if "derivatives" not in file.relative_to(path).parts]
        if not images:
            raise InputError(f"{path}: no image in it; expected sub-XX/anat/sub-XX_*.nii.gz, as in BIDS")
        found += images
    return list(dict.fromkeys(found))


def _measured(path: Path, name: ImageName, asked: Asked) -> Quality:
    """Return what is measured of one image."""
    from spinemodel.io.metaimage import read_image
    from spinemodel.quality.slices import measure

    masks = mask_paths(asked, name)
    if name.note:
        say(f"note: {name.note}")
    with step(f"Reading {path}"):
        image = read_image(path, space=common_space(path, name, [mask for _, mask in masks]))
        given = read_given(masks, image.grid.space, asked)
    with step("Measuring"), _about(f"{path}, masks {', '.join(str(mask) for _, mask in masks)}"):
        regions = regions_of(image, given, asked)
        notes = placed(image, given, regions, asked)
        found = measure(image, regions, along=asked.along, least=asked.least)
        return replace(found, notes=(*found.notes, *notes))


@contextmanager
def _about(what: str) -> Iterator[None]:
    """Begin the line of an error with the files that it tells of."""
    try:
        yield
    except (GeometryError, InputError, SpaceMismatchError) as problem:
        raise type(problem)(f"{what}: {problem}") from None


def _told(path: Path, name: ImageName, found: Quality, asked: Asked) -> list[Row]:
    """Print what was measured of an image, and return it as rows of the summary."""
    from spinemodel.quality.summary import summarise

    spreads = summarise(found)
    axis = f"slices across axis {'ijk'[found.axis.axis]} ({found.axis.reason})"
    counts = f"{len(found.slices)} measured, {len(found.skipped)} left out, {found.empty} without CSF and cord"
    print_rows(f"{path}: {axis}: {counts}", [_row(key, each) for key, each in spreads.items()], numbers=NUMBERS)
    for kind, indices in _lacking(found).items():
        say(f"left out, too few voxels of {kind}: slice{'s' * (len(indices) > 1)} {ranges(indices)}")
    reasons: dict[str, list[str]] = {}
    for key, each in spreads.items():
        if each.undefined:
            reasons.setdefault(each.undefined, []).append(key)
    for reason, keys in reasons.items():
        say(f"note: not defined: {', '.join(keys)}: {reason}")
    for note in found.notes:
        say(f"note: {note}")
    about = {"image": name.stem, "subject": name.subject, "sequence": name.sequence, "axis": "ijk"[found.axis.axis]}
    about["settings"] = settings(asked, found, [mask for _, mask in mask_paths(asked, name)])
    notes = {key: "; ".join(filter(None, (each.undefined, *found.notes))) or NONE for key, each in spreads.items()}
    return [about | _row(key, each) | {"note": notes[key]} for key, each in spreads.items()]


def _lacking(found: Quality) -> dict[str, list[int]]:
    """Return the slices that are left out, by the class of which they have too few voxels."""
    kinds: dict[str, list[int]] = {}
    for each in found.skipped:
        few = [name for name, size in (("CSF", each.csf), ("the cord", each.cord)) if size < found.least]
        kinds.setdefault(" and of ".join(few), []).append(each.index)
    return kinds


def ranges(indices: Iterable[int]) -> str:
    """Return whole numbers, ascending, as ranges.

    Examples
    --------
    >>> ranges([1, 5, 6, 7, 9])
    '1, 5-7, 9'
    """
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], index]
        else:
            runs.append([index])
    return ", ".join("-".join(map(str, run)) for run in runs)


def _row(name: str, each: Spread) -> Row:
    """Return the row of one measure."""
    numbers = (each.mean, each.sd, each.least, each.most, each.whole)
    texts = (f"{number:.3f}" if isfinite(number) else NONE for number in numbers)
    return {"measure": name, "slices": str(each.slices), **dict(zip(NUMBERS[1:], texts, strict=True))}

"""The files that a command is about to write: their names, that none destroys what it reads, and that each can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from spinemodel.errors import InputError


def volume_outputs(out: Path, *, slicer: bool = False, figure: bool = False, shares: Sequence[str] = ()) -> list[Path]:
    """Return all that is written with a label volume: its tables, its picture and the shares of the named parts.

    Examples
    --------
    >>> [path.name for path in volume_outputs(Path("a_dseg.nii"), shares=["CSF"])]
    ['a_dseg.nii', 'a_dseg.json', 'a_dseg.tsv', 'a_label-CSF_probseg.nii', 'a_label-CSF_probseg.json']
    """
    from spinemodel.io.sidecar import beside

    endings = [".json", ".tsv", *([".ctbl"] if slicer else []), *([".png"] if figure else [])]
    paths = [share_path(out, name) for name in shares]
    return [out, *(beside(out, end) for end in endings), *(p for path in paths for p in (path, beside(path, ".json")))]


def share_path(out: Path, name: str) -> Path:
    """Return where the shares of a part are written: BIDS allows only letters and digits after ``label-``.

    Examples
    --------
    >>> share_path(Path("sub-03_seg-tissue_dseg.nii.gz"), "L1_L").name
    'sub-03_seg-tissue_label-L1L_probseg.nii.gz'
    """
    from spinemodel.io.sidecar import volume_suffix

    suffix = volume_suffix(out)
    stem = out.name.removesuffix(suffix).removesuffix("_dseg")
    return out.with_name(f"{stem}_label-{''.join(c for c in name if c.isalnum())}_probseg{suffix}")


def require_free(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse outputs that would replace an input, what belongs to one, a model's record, or each other.

    Nothing but the record of a model is read.

    Parameters
    ----------
    outputs
        Every path that will be written.
    inputs
        Model folders, mesh files and volumes that are read.

    Raises
    ------
    InputError
        On the first such output.
    """
    held = {_key(path): why for given in inputs for path, why in _held(given)}
    seen: set[str] = set()
    for path in outputs:
        why = "is the name of a model's record" if path.name.lower() == "model.json" else held.get(_key(path))
        if _key(path) in seen:
            why = "is the name of two outputs"
        if why:
            raise InputError(f"{path}: {why}; choose another name for what is written")
        seen.add(_key(path))


def require_writable(paths: Iterable[Path]) -> None:
    """Refuse outputs that cannot be written, before anything is computed.

    Raises
    ------
    InputError
        If one is a folder, or the folder that it goes into cannot be written to or made.
    """
    for path in paths:
        if path.is_dir():
            raise InputError(f"--out {path}: is a folder; expected the name of a file")
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        try:
            with TemporaryFile(dir=folder):  # what a disk allows shows only when it is written to
                pass
        except OSError as problem:
            why = problem.strerror or type(problem).__name__
            raise InputError(f"--out {path}: {folder} cannot be written to ({why}); choose another folder") from None


def _key(path: Path) -> str:
    """Return what paths to one file have in common, also on a disk that does not tell capitals apart."""
    return str(path.resolve()).casefold()


def _held(given: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that an input consists of, and why they must not be written to."""
    from spinemodel.io.model import read_record
    from spinemodel.io.shapes import the_model
    from spinemodel.io.sidecar import beside, is_volume

    if given.is_dir():
        model = the_model(given)
        yield from ((model / name, f"is a file of the model {model}") for name in _named(read_record(model)))
        return
    yield given, "is an input too"
    if is_volume(given):
        yield from ((beside(given, ending), f"belongs to the input {given}") for ending in (".json", ".tsv"))


def _named(record: Any) -> Iterator[str]:
    """Yield the paths of files, each beside its hash, in a model's record."""
    if isinstance(record, dict):
        if isinstance(record.get("path"), str) and "sha256" in record:
            yield record["path"]
        record = list(record.values())
    if isinstance(record, list):
        for part in record:
            yield from _named(part)

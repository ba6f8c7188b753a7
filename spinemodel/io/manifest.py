"""The list of public datasets: what each one is, where its files lie, how large they are and how to prove them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, Literal, Self, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from spinemodel.errors import InputError
from spinemodel.io.members import member_path

MANIFEST: Final = "data_manifest.yaml"
_CANDIDATES: Final = tuple(Path(__file__).parents[level] / MANIFEST for level in (1, 2))
"""Beside the package's modules in a wheel, at the root of a source tree."""


def _inside(folder: str) -> str:
    """Return ``folder`` in its plain form when it stays inside the dataset, or raise ``ValueError``."""
    return "." if folder == "." else str(member_path(folder))


def _bare(name: str) -> str:
    """Return ``name`` when it is a file name without a folder, or raise ``ValueError``."""
    if member_path(name).name != name:
        raise ValueError("a file name without a folder is expected")
    return name


Checksum = Annotated[str, Field(pattern=r"^(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$")]
Folder = Annotated[str, AfterValidator(_inside)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
"""A dataset or a part: lower case, digits, ``_`` and ``-``."""


_Model = TypeVar("_Model", bound=BaseModel)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RemoteFile(_Row):
    """One file to download.

    Attributes
    ----------
    about
        What it holds, in a few words.
    default
        Whether it is fetched when no part is named.
    name, url
        File name and address.
    bytes, checksum
        Published size and ``md5:`` or ``sha256:`` checksum; None where none is published, which ``note`` explains.
    into
        Folder that it goes to, relative to the dataset's folder.
    unpack_to
        For an archive: the folder that its content becomes. The archive itself is not kept.
    """

    about: str = ""
    default: bool = False
    name: Annotated[str, AfterValidator(_bare)]
    url: Url
    bytes: Annotated[int, Field(gt=0)] | None
    checksum: Checksum | None
    note: str = ""
    into: Folder = "."
    unpack_to: Folder | None = None

    @model_validator(mode="after")
    def _explain_what_is_missing(self) -> Self:
        if (self.bytes is None or self.checksum is None) and not self.note:
            raise ValueError("bytes or checksum is null without a note that says why")
        return self

    @property
    def path(self) -> PurePosixPath:
        """Where the download goes, relative to the dataset's folder; an archive waits beside its folder."""
        folder = self.into if self.unpack_to is None else PurePosixPath(self.unpack_to).parent
        return PurePosixPath(folder, self.name)

    @property
    def target(self) -> PurePosixPath:
        """The file or the folder that stays, relative to the dataset's folder."""
        return self.path if self.unpack_to is None else PurePosixPath(self.unpack_to)


class Component(_Row):
    """An OSF component; ``api`` lists its files, sizes and checksums when it is fetched."""

    about: str = ""
    default: bool = False
    api: Url
    note: str = ""
    into: Folder


class Dataset(_Row):
    """A public dataset and its parts, each one a file or a component."""

    title: str
    licence: str
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$")]
    home: Url
    citation: Annotated[tuple[str, ...], Field(min_length=1)]
    note: str = ""
    files: Mapping[Name, RemoteFile] = {}
    components: Mapping[Name, Component] = {}

    @model_validator(mode="after")
    def _one_place_each(self) -> Self:
        if twice := self.files.keys() & self.components.keys():
            raise ValueError(f"the part '{min(twice)}' is both a file and a component")
        if "all" in self.parts:
            raise ValueError("no part may be called 'all', which means every part")
        targets = [file.target for file in self.files.values()]
        if clash := {target for target in targets if targets.count(target) > 1}:
            raise ValueError(f"two files go to '{min(clash)}'")
        return self

    @property
    def parts(self) -> dict[str, RemoteFile | Component]:
        """Every part by its name."""
        return {**self.files, **self.components}


class Manifest(_Row):
    """Every public dataset by its name."""

    version: Literal[1] = Field(alias="schema")
    datasets: Mapping[Name, Dataset]


def read_manifest(path: Path | None = None) -> Manifest:
    """Read and check the list of datasets.

    Parameters
    ----------
    path
        A YAML file; the package's own list by default.

    Raises
    ------
    InputError
        The file is missing, is not YAML or breaks the form; the message names the dataset, the file and the field.

    Examples
    --------
    >>> read_manifest().datasets["lumbosacral"].files["markers"].bytes
    4512571
    """
    path = path or next((place for place in _CANDIDATES if place.is_file()), _CANDIDATES[0])
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a dataset list with --manifest") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    return checked(Manifest, content, str(path))


def checked(model: type[_Model], content: Any, source: str) -> _Model:
    """Return ``content`` as ``model``, or raise ``InputError`` naming the source, the field and what was got."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"] if step != "[key]") or "top level"
        got = "" if first["type"] == "missing" else f"got {_short(first['input'])}: "
        raise InputError(f"{source}: {field}: {got}{first['msg']}; mend this field") from error


def _short(value: object) -> str:
    """Return ``value`` in at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

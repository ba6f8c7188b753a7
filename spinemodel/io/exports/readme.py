"""The README of an export: what it is, where its coordinates lie, what its parts are, and how to open it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from spinemodel import __version__
from spinemodel.anatomy.compartments import volumes
from spinemodel.anatomy.surface import Surface, volume
from spinemodel.field.conductivity import Conductivity
from spinemodel.io.exports.contents import Contents, ExportedFile, ExportFormat, part_colour
from spinemodel.io.tables import Row
from spinemodel.leads.colours import Colour
from spinemodel.levels import STRUCTURES

WIDTH: Final = 100
"""Characters of a line of text. A choice; tables may be wider."""

AXES: Final = {
    "RAS": "RAS: x points to the subject's right, y to the front, z to the head",
    "LPS": "LPS: x points to the subject's left, y to the back, z to the head; (x, y, z) in LPS is (-x, -y, z) in RAS",
}

ORIGINS: Final = (
    "Origin: annotated parts were drawn; derived ones follow from what was drawn; extrapolated ones, and shares, come "
    "from tables, beyond the marks; the lead was placed."
)

ALONG: Final = (
    "Along the fibres is along the cord in white matter, and along each root; the direction of muscle is not modelled."
)

LICENCE: Final = (
    "These shapes were made from the images and marks of a subject: their licence and their terms of citation hold for "
    "this folder too, and it may be passed on only as they allow. In a publication cite the data set that the model "
    "was built from, spinemodel with its version, and the sources of the conductivities and of the lead named above."
)


@dataclass(frozen=True)
class Part:
    """What is told of a structure, a tissue or a part of a lead.

    Attributes
    ----------
    kind
        ``structure``, ``tissue`` or ``lead``.
    name, label, colour
        As in the files, label None where they have no number for it; sRGB, 0-1.
    mm3
        Volume.
    origin
        ``annotated``, ``derived``, ``extrapolated`` or ``placed``.
    extrapolated_share
        Of its volume that lies beyond the marks; of a root as a structure, of its length.
    conductivity
        None where no preset was named, and for structures, which overlap.
    """

    kind: str
    name: str
    label: int | None
    colour: Colour
    mm3: float
    origin: str
    extrapolated_share: float = 0.0
    conductivity: Conductivity | None = None


def parts_of(contents: Contents, form: ExportFormat | None = None) -> tuple[Part, ...]:
    """Return what is told of every structure, then of every tissue and part of the lead; numbers as in ``form``."""
    said = {row["name"]: row for row in contents.model.record["structures"]}
    structures = (
        _structure(name, surface, said.get(name, {})) for name, surface in contents.model.surfaces.items()
    )
    parts = (*structures, *_compartments(contents))
    if form is None or form.numbers is None:
        return parts
    own = form.numbers(contents)
    return tuple(replace(part, label=None if part.kind == "structure" else own.get(part.name)) for part in parts)


def _structure(name: str, surface: Surface, row: Mapping[str, Any]) -> Part:
    """Return what is told of a structure."""
    undrawn = sum(end - start for start, end in row.get("extrapolated_mm", ()))
    share = undrawn / row["length_mm"] if undrawn else 0.0
    return Part("structure", name, STRUCTURES[name].id, part_colour(name), volume(surface), _origin(row), share)


def _compartments(contents: Contents) -> Iterable[Part]:
    """Yield what is told of tissues and of the lead's parts, in the order of their labels' table."""
    said = {row["name"]: row for row in contents.model.record.get("tissues", ())}
    sizes = _sizes(contents)
    lead = set(contents.lead.parts.labels) if contents.lead else set()
    values = contents.conductivities if contents.preset else {}
    for name, label in contents.labels.items():
        row = said.get(name, {})
        origin, share = ("placed", 0.0) if name in lead else (_origin(row), float(row.get("extrapolated_share", 0.0)))
        kind = "lead" if name in lead else "tissue"
        yield Part(kind, name, label, part_colour(name), sizes[name], origin, share, values.get(name))


def _sizes(contents: Contents) -> Mapping[str, float]:
    """Return the volumes of tissues and of the lead's parts, mm3."""
    if contents.model.partition:
        return volumes(contents.partition)
    return volumes(contents.lead.parts) if contents.lead else {}


def _origin(row: Mapping[str, Any]) -> str:
    """Return where a part comes from, as ``model.json`` has it."""
    return str(row.get("origin", "not stated"))


def readme(form: ExportFormat, contents: Contents, files: Sequence[ExportedFile], hashes: Mapping[str, str]) -> str:
    """Return the text of ``README.txt``.

    Parameters
    ----------
    form, contents, files
        What was written.
    hashes
        SHA-256 of the sources, by the file's name.
    """
    parts = parts_of(contents, form)
    title = f"{contents.model.subject} for {form.title}"
    sections = {
        "": f"Written by spinemodel {__version__} from the model {contents.model.subject}.",
        "How to open it": form.how_to_open.strip("\n").replace("{subject}", contents.model.subject),
        "Files": _files(files),
        "Before you rely on it": "\n\n".join(_wrapped(f"{file.path.name}: {file.note}") for file in files if file.note),
        "Frame and unit": _frames(contents, files),
        "Structures": _structures([part for part in parts if part.kind == "structure"]),
        "Tissues and lead": _tissues([part for part in parts if part.kind != "structure"], contents),
        "Lead": _lead(contents),
        "Where it comes from": _sources(contents, hashes),
        "Licence and citation": _wrapped(LICENCE),
    }
    told = [f"{name}\n{'-' * len(name)}\n{text}" if name else text for name, text in sections.items() if text]
    return f"{title}\n{'=' * len(title)}\n" + "\n\n".join(told) + "\n"


def _wrapped(text: str) -> str:
    """Return text in lines."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _files(files: Sequence[ExportedFile]) -> str:
    """Return the list of files."""
    rows = [
        {"file": file.path.as_posix(), "what": file.what, "frame": file.frame or "-", "unit": file.unit or "-"}
        for file in files
    ]
    return _table(rows)


def _frames(contents: Contents, files: Sequence[ExportedFile]) -> str:
    """Return what the frames and units of the files mean."""
    frames = sorted({file.frame for file in files if file.frame})
    units = sorted({file.unit for file in files if file.unit})
    lines = [f"Space: {contents.model.space}, the subject's own, as the images have it."]
    lines += [f"{AXES.get(frame, frame)}." for frame in frames]
    if units:
        lines.append(f"Unit of coordinates: {', '.join(units)}. The table of files says which file has which.")
    return "\n".join(_wrapped(line) for line in lines)


def _structures(parts: Sequence[Part]) -> str:
    """Return the table of structures."""
    note = "What the marks enclose; structures overlap (the dura holds the cord and the roots), tissues do not."
    return _wrapped(note) + "\n\n" + _table([_row(part) for part in parts]) if parts else ""


def _row(part: Part) -> Row:
    """Return one line of a table of parts."""
    told = part.extrapolated_share >= 0.005 and part.origin != "extrapolated"
    share = f", {100 * part.extrapolated_share:.0f} % extrapolated" if told else ""
    return {
        "label": "-" if part.label is None else str(part.label),
        "name": part.name,
        "colour": hexadecimal(part.colour),
        "mm3": f"{part.mm3:.1f}",
        "origin": part.origin + share,
    }


def hexadecimal(colour: Colour) -> str:
    """Return a colour as ``#rrggbb``.

    Examples
    --------
    >>> hexadecimal((1.0, 0.5, 0.0))
    '#ff8000'
    """
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in colour)


def _tissues(parts: Sequence[Part], contents: Contents) -> str:
    """Return the table of tissues, with the sources of their conductivities below."""
    if not parts:
        return "The model has no tissues."
    sources = list(dict.fromkeys(part.conductivity.source for part in parts if part.conductivity))
    table = _table([_row(part) | _conducting(part.conductivity, sources) for part in parts])
    if contents.preset is None:
        return "\n\n".join([_wrapped(ORIGINS), table, "No conductivities: none were named (--tissues)."])
    note = (
        f"Conductivities: {contents.preset.name} ({contents.preset.title}), S/m, along and across the fibres. {ALONG} "
        "Read: whether a document that states the value was read; check the others before you rely on them."
    )
    cited = [f"[{n}] {source}" for n, source in enumerate(sources, start=1)]
    return "\n\n".join([_wrapped(ORIGINS), _wrapped(note), table, "\n".join(cited)])


def _conducting(value: Conductivity | None, sources: Sequence[str]) -> Row:
    """Return the columns of a table that tell how a part conducts."""
    if value is None:
        return {"along": "none", "across": "none", "source": "-", "read": "-"}
    number = f"[{sources.index(value.source) + 1}]"
    read = "yes" if value.verified else "no"
    return {"along": f"{value.along:.6g}", "across": f"{value.across:.6g}", "source": number, "read": read}


def _lead(contents: Contents) -> str:
    """Return what is told of the lead."""
    if contents.lead is None:
        return "None."
    design = contents.lead.design
    checked = "a document that states them was read" if design.verified else "NOT confirmed in a document; check them"
    return "\n".join(
        [
            f"{design.name}: {design.title}",
            f"{len(design.contacts)} contacts: {', '.join(contact.name for contact in design.contacts)}",
            _wrapped(f"Its numbers ({checked}): {design.source}"),
            *_fit(contents.lead_file),
        ]
    )


def _fit(path: Path | None) -> tuple[str, ...]:
    """Return what the lead's file says of its fit; nothing where it says nothing."""
    if path is None:
        return ()
    try:
        fits = json.loads(path.read_text(encoding="utf-8")).get("fits")
    except (OSError, ValueError, AttributeError):
        return ()
    told = {True: "It fits, as its file states.", False: "It does NOT fit, as its file states: see the report there."}
    return (told[fits],) if isinstance(fits, bool) else ()


def _sources(contents: Contents, hashes: Mapping[str, str]) -> str:
    """Return the hashes of what the export was made from."""
    lines = [f"{name}  SHA-256 {digest}" for name, digest in hashes.items()]
    marks = len(contents.model.record.get("sources", ()))
    lines.append(f"model.json names the {marks} marker files that the model was built from, with their SHA-256.")
    lines.append("export.json lists the files of this folder with their SHA-256.")
    return "\n".join(lines)


def _table(rows: Sequence[Row]) -> str:
    """Return rows as columns of text: numbers of a column named mm3, along, across or label to the right."""
    if not rows:
        return ""
    headings = {name: name for name in rows[0]}
    widths = {name: max(len(row[name]) for row in (headings, *rows)) for name in headings}
    right = {"label", "mm3", "along", "across"}
    lines = (
        "  ".join(row[name].rjust(width) if name in right else row[name].ljust(width) for name, width in widths.items())
        for row in (headings, *rows)
    )
    return "\n".join(line.rstrip() for line in lines)

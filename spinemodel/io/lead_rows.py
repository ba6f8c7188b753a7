"""What a lead's table in a file may hold, and the lead that it states."""

from __future__ import annotations

from math import inf
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from spinemodel.leads.design import Backing, Contact, LeadDesign, Outline

Length = Annotated[float, Field(allow_inf_nan=False)]
MOST_CONTACTS: Final = 1000
"""No file that is meant asks for more; a slip of the keyboard might."""


def _in_one_line(text: str) -> str:
    """Return text in one line; refuse none, and what would steer a terminal."""
    line = " ".join(text.split())
    if not line:
        raise ValueError("some text, got none")
    if not line.isprintable():
        raise ValueError(f"text without control characters, got {line[:60]!r}")
    return line


Words = Annotated[str, AfterValidator(_in_one_line)]
"""Text for people, in one line."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Sized(_Row):
    """Something with the size of a contact."""

    outline: Outline
    width_mm: Length | None = None
    length_mm: Length | None = None
    diameter_mm: Length | None = None

    @model_validator(mode="after")
    def _has_one_size(self) -> Self:
        given = {name for name in ("width_mm", "length_mm", "diameter_mm") if getattr(self, name) is not None}
        needed = {"rectangle": {"width_mm", "length_mm"}, "disc": {"diameter_mm"}, "ring": {"length_mm"}}[self.outline]
        if given != needed:
            got = " and ".join(sorted(given)) or "none"
            raise ValueError(f"{' and '.join(sorted(needed))} alone as the size of a {self.outline}, got {got}")
        return self

    def size(self, lead_width: float) -> tuple[float, float]:
        """Return width and length; a ring is as wide as its lead."""
        if self.diameter_mm is not None:
            return self.diameter_mm, self.diameter_mm
        return lead_width if self.width_mm is None else self.width_mm, self.length_mm or 0.0


class ContactRow(_Sized):
    """One contact, written out."""

    name: str
    u_mm: Length = 0.0
    v_mm: Length


class GridRow(_Sized):
    """Columns of contacts of one size."""

    columns: Annotated[list[Annotated[int, Field(gt=0, le=MOST_CONTACTS)]], Field(min_length=1, max_length=100)]
    gap_across_mm: Length = 0.0
    gap_along_mm: Length = 0.0
    shift_mm: list[Length] | None = None
    names: list[str] | None = None

    @model_validator(mode="after")
    def _fits_its_columns(self) -> Self:
        count, columns = sum(self.columns), len(self.columns)
        if count > MOST_CONTACTS:
            raise ValueError(f"{MOST_CONTACTS} contacts at most, got {count}")
        if self.shift_mm is not None and len(self.shift_mm) != columns:
            raise ValueError(f"a shift_mm for each of {columns} columns, got {len(self.shift_mm)}")
        if self.names is not None and len(self.names) != count:
            raise ValueError(f"a name for each of {count} contacts, got {len(self.names)}")
        return self


class BackingRow(_Row):
    """The body of a lead."""

    form: Literal["paddle", "cylinder"]
    length_mm: Length
    width_mm: Length | None = None
    thickness_mm: Length | None = None
    diameter_mm: Length | None = None
    middle_mm: Length | None = None
    tip_mm: Length | None = None
    corner_mm: Length = 0.0
    radius_across_mm: float = inf
    stiffness_across: Length = 1.0

    @model_validator(mode="after")
    def _has_one_size(self) -> Self:
        given = {name for name in ("width_mm", "thickness_mm", "diameter_mm") if getattr(self, name) is not None}
        needed = {"width_mm", "thickness_mm"} if self.form == "paddle" else {"diameter_mm"}
        if given != needed:
            got = " and ".join(sorted(given)) or "none"
            raise ValueError(f"{' and '.join(sorted(needed))} alone besides the length of a {self.form}, got {got}")
        if self.middle_mm is not None and self.tip_mm is not None:
            raise ValueError("middle_mm or tip_mm, got both")
        return self


class LeadRow(_Row):
    """A lead."""

    title: Words
    source: Words
    verified: bool = False
    metal_mm: Length
    backing: BackingRow
    grid: GridRow | None = None
    contacts: Annotated[list[ContactRow], Field(min_length=1, max_length=MOST_CONTACTS)] | None = None

    @model_validator(mode="after")
    def _has_contacts_once(self) -> Self:
        if (self.grid is None) == (self.contacts is None):
            raise ValueError(f"grid or contacts, got {'neither' if self.grid is None else 'both'}")
        return self


def to_design(name: str, row: LeadRow) -> LeadDesign:
    """Return the lead that a table states, v = 0 in the middle of its contacts.

    Examples
    --------
    >>> row = LeadRow(title="t", source="s", metal_mm=0.1,
    ...               backing=BackingRow(form="cylinder", length_mm=20.0, diameter_mm=1.3, tip_mm=1.5),
    ...               grid=GridRow(columns=[2], outline="ring", length_mm=3.0, gap_along_mm=4.0))
    >>> lead = to_design("two", row)
    >>> [(contact.name, contact.v_mm) for contact in lead.contacts], lead.backing.middle_mm
    ([('C1', 3.5), ('C2', -3.5)], -3.5)
    """
    width = (row.backing.width_mm if row.backing.diameter_mm is None else row.backing.diameter_mm) or 0.0
    contacts = _from_grid(row.grid, width) if row.grid else _written(row.contacts or [], width)
    low = min(contact.v_mm - contact.length_mm / 2 for contact in contacts)
    high = max(contact.v_mm + contact.length_mm / 2 for contact in contacts)
    zero = (low + high) / 2
    placed = tuple(
        Contact(c.name, c.outline, c.u_mm, c.v_mm - zero, c.width_mm, c.length_mm) for c in contacts
    )
    backing = _backing(row.backing, width, (high - low) / 2, zero)
    return LeadDesign(name, row.title, backing, placed, row.metal_mm, row.source, row.verified)


def _written(rows: list[ContactRow], width: float) -> list[Contact]:
    """Return contacts as they are written out."""
    return [Contact(row.name, row.outline, row.u_mm, row.v_mm, *row.size(width)) for row in rows]


def _from_grid(grid: GridRow, width: float) -> list[Contact]:
    """Return the contacts of a grid: columns from -u on, each from the tip on and centred at its shift."""
    across, along = grid.size(width)
    pitch, row_pitch = across + grid.gap_across_mm, along + grid.gap_along_mm
    shifts = grid.shift_mm or [0.0] * len(grid.columns)
    places = [
        ((column - (len(grid.columns) - 1) / 2) * pitch, shift + ((count - 1) / 2 - i) * row_pitch)
        for column, (count, shift) in enumerate(zip(grid.columns, shifts, strict=True))
        for i in range(count)
    ]
    names = grid.names or [f"C{i}" for i in range(1, len(places) + 1)]
    return [Contact(name, grid.outline, u, v, across, along) for name, (u, v) in zip(names, places, strict=True)]


def _backing(row: BackingRow, width: float, reach: float, zero: float) -> Backing:
    """Return the body; ``reach`` is from the contacts' middle, v = ``zero`` in the file, to the foremost one's edge."""
    middle = 0.0 if row.middle_mm is None else row.middle_mm - zero
    if row.tip_mm is not None:
        middle = reach + row.tip_mm - row.length_mm / 2
    thickness = width if row.thickness_mm is None else row.thickness_mm
    return Backing(
        row.form, row.length_mm, width, thickness, middle, row.corner_mm, row.radius_across_mm, row.stiffness_across
    )

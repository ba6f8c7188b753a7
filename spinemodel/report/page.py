"""A page of findings: one HTML file that needs nothing else, for the screen and for paper.

Pictures are inline, tables are those of the TSV files (each has the id of its file's stem) cell by cell, unless a page
says that it rounds, and nothing is loaded from anywhere.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final

from spinemodel.errors import InputError
from spinemodel.io.files import atomic
from spinemodel.io.tables import Row

MIME: Final = {".png": "image/png", ".svg": "image/svg+xml"}

UNITS: Final = {"mA": "mA", "ms": "ms", "um": "µm", "mm": "mm", "mm2": "mm²", "mm3": "mm³", "percent": "%"}
"""How the ends of a column's name are written in its heading."""

LONG: Final = 36
"""Characters from which on a cell may be broken into lines. A choice: the longest name of a statistic has 32."""

TALL: Final = 60
"""Rows from which on a table has a window of its own on the screen. A choice: two screens."""

STYLE: Final = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #1a1a1a; background: #fff;
  max-width: 1140px; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #bbb; }
p, ul { max-width: 75ch; }
.scroll { overflow-x: auto; margin: 1rem 0; }
.tall { max-height: 40rem; overflow-y: auto; } .tall th { position: sticky; top: 0; background: #fff; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; max-width: 90ch; padding-bottom: .35rem; }
th, td { padding: .15rem .45rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { border-bottom: 1.5px solid #555; white-space: nowrap; }
td { white-space: nowrap; } .number { text-align: right; } .long { white-space: normal; min-width: 13em; }
tbody tr:hover { background: #f3f6fa; }
figure { margin: 1.2rem 0; }
figure img { max-width: 100%; height: auto; }
figcaption { font-size: .9rem; color: #333; max-width: 90ch; }
code { font-size: .85em; overflow-wrap: anywhere; }
nav { font-size: .9rem; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem 1.2rem; max-width: 75ch; }
@media print { @page { margin: 15mm; } body { font-size: 10pt; max-width: none; padding: 0; } nav { display: none; }
  table { font-size: 7.5pt; } th, td { padding: 1pt 3pt; } th, td { white-space: normal; min-width: 0; }
  thead { display: table-header-group; }
  tr, figure { break-inside: avoid; } h2 { break-after: avoid; } .scroll { overflow: visible; max-height: none; } }
"""


@dataclass(frozen=True)
class Table:
    """Rows of a TSV file, or some of them.

    Attributes
    ----------
    name
        Stem of the file; the table's id.
    caption
        What it shows.
    rows
        Text by column; the page says so where there is none.
    """

    name: str
    caption: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Picture:
    """A PNG or SVG file, what it shows, and what one who cannot see it reads."""

    path: Path
    caption: str
    alt: str


@dataclass(frozen=True)
class Section:
    """A part of the page: sentences, then pictures, then tables.

    ``terms`` are definitions by what they define.
    """

    title: str
    text: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    items: Sequence[str] = ()
    terms: Mapping[str, str] = field(default_factory=dict)


def render_page(title: str, sections: Sequence[Section]) -> str:
    """Return the page.

    Raises
    ------
    InputError
        If a picture is neither PNG nor SVG.

    Examples
    --------
    >>> page = render_page("A & B", [Section("Roots", tables=[Table("roots", "Distances", [{"mean_mm": "0.204"}])])])
    >>> "<h1>A &amp; B</h1>" in page, '<td class="number">0.204</td>' in page
    (True, True)
    """
    links = " · ".join(f'<a href="#{_anchor(each.title)}">{escape(each.title)}</a>' for each in sections)
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        f'<h1>{escape(title)}</h1>\n<nav aria-label="Contents">{links}</nav>',
        *(line for section in sections for line in _section(section)),
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def write_page(path: Path, title: str, sections: Sequence[Section]) -> None:
    """Write the page, whole or not at all."""
    page = render_page(title, sections)
    with atomic(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _anchor(title: str) -> str:
    return "section-" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _section(section: Section) -> Iterator[str]:
    yield f'<section aria-labelledby="{_anchor(section.title)}">'
    yield f'<h2 id="{_anchor(section.title)}">{escape(section.title)}</h2>'
    yield from (f"<p>{escape(text)}</p>" for text in section.text)
    if section.items:
        yield "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in section.items) + "</ul>"
    if section.terms:
        yield "<dl>" + "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in section.terms.items()) + "</dl>"
    for picture in section.pictures:
        yield _picture(picture)
    for table in section.tables:
        yield from _table(table)
    yield "</section>"


def _picture(picture: Picture) -> str:
    """Return a picture with its bytes inline."""
    kind = MIME.get(picture.path.suffix.lower())
    if kind is None:
        raise InputError(f"{picture.path}: expected a picture {' or '.join(MIME)}")
    inline = base64.b64encode(picture.path.read_bytes()).decode("ascii")
    image = f'<img alt="{escape(picture.alt)}" src="data:{kind};base64,{inline}">'
    return f"<figure>{image}<figcaption>{escape(picture.caption)}</figcaption></figure>"


def _table(table: Table) -> Iterator[str]:
    """Yield a table; columns whose cells are all numbers, or not known, are set to the right."""
    if not table.rows:
        yield f'<p id="{escape(table.name)}">{escape(table.caption)}: none.</p>'
        return
    shown, caption = _columns(table)
    classes = {name: _class([row[name] for row in table.rows]) for name in shown}
    tall = " tall" if len(table.rows) > TALL else ""
    yield f'<div class="scroll{tall}"><table id="{escape(table.name)}"><caption>{escape(caption)}</caption>'
    heads = "".join(f'<th scope="col"{classes[name]}>{escape(heading(name))}</th>' for name in shown)
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for row in table.rows:
        yield "<tr>" + "".join(f"<td{classes[name]}>{escape(row[name])}</td>" for name in shown) + "</tr>"
    yield "</tbody></table></div>"


def _columns(table: Table) -> tuple[list[str], str]:
    """Return the columns to show and the caption: a reason that all rows share stands there, and nothing is empty."""
    held = {name: {row[name] for row in table.rows} for name in table.rows[0]}
    shown = [name for name, cells in held.items() if cells - {"", "n/a"}]
    reason = held.get("reason", set())
    if len(reason) != 1 or reason == {""}:
        return shown, f"{table.caption.rstrip('.')}."
    empty = [name for name in ("low", "high") if name in held and name not in shown]
    what = "No interval: " if empty else ""
    return [name for name in shown if name != "reason"], f"{table.caption.rstrip('.')}. {what}{next(iter(reason))}."


def _class(cells: Sequence[str]) -> str:
    """Return how a column is set: all numbers or ``n/a``, sentences, or words."""
    if all(re.fullmatch(r"-?\d+(\.\d+)?|n/a", cell) for cell in cells):
        return ' class="number"'
    return ' class="long"' if max(map(len, cells)) > LONG else ""


def heading(column: str) -> str:
    """Return a column's name as the page writes it.

    Examples
    --------
    >>> heading("hausdorff95_mm"), heading("first_mm3"), heading("unmatched_first")
    ('hausdorff95, mm', 'first, mm³', 'unmatched first')
    """
    name, _, unit = column.rpartition("_")
    return f"{name.replace('_', ' ')}, {UNITS[unit]}" if name and unit in UNITS else column.replace("_", " ")

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.agree import agree
from spinemodel.errors import InputError
from spinemodel.report.page import Picture, Section, Table, heading, render_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)

READ = """<script>addEventListener("load", () => {
  const tables = {};
  for (const table of document.querySelectorAll("table"))
    tables[table.id] = [...table.rows].map(row => [...row.cells].map(cell => cell.innerText.trim()));
  const pictures = [...document.images].map(image => [image.alt, image.naturalWidth]);
  const wide = document.documentElement.scrollWidth > innerWidth;
  document.body.innerHTML = "<pre></pre>";
  document.querySelector("pre").textContent = JSON.stringify({tables, pictures, wide});
});</script></body>"""


class Page(HTMLParser):
    """Cells of every table by its id, and the attributes of every tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.cell: list[str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "table":
            self.rows = self.tables[dict(attrs)["id"]] = []
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.cell = []

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self.rows[-1].append("".join(self.cell))
            self.cell = None

    def handle_data(self, data) -> None:
        if self.cell is not None:
            self.cell.append(data)


def write_gradings(path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    base = np.random.default_rng(0).normal(30, 4, 12)
    lines = [f"sub-{n:02d}\t{value + random.normal(0, 0.5):.2f}\t2" for n, value in enumerate(base, 1)]
    path.write_text("\n".join(["subject\theight_mm\tmodic", *lines]) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("page")
    for seed in (1, 2):
        write_gradings(root / f"{seed}.tsv", seed)
    app = typer.Typer()
    app.command()(agree)
    arguments = [root / "1.tsv", root / "2.tsv", "--names", "anna,ben <b>", "--out", root / "out"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.exception
    return root / "out"


def same_as_files(tables: dict[str, list[list[str]]], out: Path) -> int:
    """Every cell of the page is that of the file; return how many were compared."""
    compared = 0
    for file in out.glob("*.tsv"):
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        names = {heading(name): name for name in rows[0]}
        head, *body = tables[file.stem]
        assert len(body) == len(rows)
        for cells, row in zip(body, rows, strict=True):
            held = {names[column]: cell for column, cell in zip(head, cells, strict=True)}
            assert held == {name: " ".join(row[name].split()) for name in held}
            compared += len(held)
    return compared


def test_the_page_has_the_numbers_of_the_files(out: Path) -> None:
    page = Page((out / "report.html").read_text(encoding="utf-8"))
    assert not page.open
    assert same_as_files(page.tables, out) > 100
    assert ("html", {"lang": "en"}) in page.tags


def test_the_page_needs_nothing_else(out: Path) -> None:
    page = Page((out / "report.html").read_text(encoding="utf-8"))
    sources = [each[name] for _, each in page.tags for name in ("src", "href") if name in each]
    assert sources
    assert all(source.startswith(("data:image/", "#")) for source in sources)
    assert not re.search(r"url\(|@import|<script|<link", (out / "report.html").read_text(encoding="utf-8"))
    pictures = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(pictures) == len(list((out / "figures").iterdir()))
    assert all(len(picture["alt"]) > 20 for picture in pictures)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {source[1:] for source in sources if source[0] == "#"} <= set(ids)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium, google-chrome or chrome on the path to open the page in")
def test_a_browser_reads_the_same_numbers(out: Path, tmp_path: Path) -> None:
    copy = tmp_path / "report.html"
    copy.write_text((out / "report.html").read_text(encoding="utf-8").replace("</body>", READ), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900", "--virtual-time-budget=10000")
    command = [CHROMIUM, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", copy.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    read = json.loads(unescape(re.search("<pre>(.*?)</pre>", shown, re.DOTALL)[1]))
    assert same_as_files(read["tables"], out) > 100
    icc = next(row for row in read["tables"]["gradings"] if "ICC(2,1)" in row)
    assert 0.9 < float(icc[4]) <= 1
    assert read["pictures"]
    assert all(alt and width > 100 for alt, width in read["pictures"])
    assert not read["wide"]


def test_names_cannot_break_the_page(out: Path) -> None:
    text = (out / "report.html").read_text(encoding="utf-8")
    assert "ben &lt;b&gt;" in text
    assert "<b>" not in text


def test_a_reason_that_all_rows_share_stands_in_the_caption() -> None:
    rows = [{"mean_mm": "1.000", "low": "n/a", "high": "n/a", "reason": "one subject"}] * 2
    page = render_page("A", [Section("Roots", tables=[Table("roots", "Distances", rows)])])
    assert "<caption>Distances. No interval: one subject.</caption>" in page
    assert Page(page).tables["roots"] == [["mean, mm"], ["1.000"], ["1.000"]]
    differ = [rows[0], {**rows[0], "low": "0.5", "high": "1.5", "reason": ""}]
    shown = Page(render_page("A", [Section("Roots", tables=[Table("roots", "Distances", differ)])])).tables["roots"]
    assert shown[0] == ["mean, mm", "low", "high", "reason"]


def test_no_row_is_said() -> None:
    assert "Exchanged: none." in render_page("A", [Section("Roots", tables=[Table("swaps", "Exchanged", [])])])


def test_pictures_are_inline(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(b"<svg/>")
    page = Page(render_page("A", [Section("B", pictures=[Picture(tmp_path / "a.svg", "caption", 'x "y"')])]))
    (image,) = [attributes for tag, attributes in page.tags if tag == "img"]
    assert image["alt"] == 'x "y"'
    assert base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,")) == b"<svg/>"
    with pytest.raises(InputError, match="expected a picture"):
        render_page("A", [Section("B", pictures=[Picture(tmp_path / "a.gif", "", "")])])

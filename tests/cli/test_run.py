"""``spinemodel demo``, ``run`` and ``verify``: a whole study, its report in a browser, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from spinemodel.cli.demo import demo
from spinemodel.cli.run import run
from spinemodel.cli.verify import verify
from spinemodel.errors import InputError
from tests.report.test_agreement_page import CHROMIUM, READ, Page

app = typer.Typer()
for command in (demo, run, verify):
    app.command()(command)


def spinemodel(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    told = spinemodel("demo", "--out", folder)
    assert told.exit_code == 0, told.exception
    assert told.output.count("known to be") == 2
    assert f"report: {folder / 'report' / 'report.html'}" in told.output
    return folder


def test_the_demo_recruits_large_afferents_before_motor_fibres(out: Path) -> None:
    page = Page((out / "report" / "report.html").read_text(encoding="utf-8"))
    head, *rows = page.tables["curves"]
    assert {row[head.index("montage")] for row in rows} == {f"C{i}:-1" for i in range(1, 9)}
    lowest = {row[head.index("class")]: [] for row in rows}
    for row in rows:
        cell = row[head.index("I10, mA")]
        lowest[row[head.index("class")]].append(float("inf") if cell.startswith(("n/a", "unknown")) else float(cell))
    assert 0.1 < min(lowest["Ia"]) < min(lowest["alpha"]) < 20
    assert len(page.tables["files"]) > 50


def test_the_page_needs_nothing_else_and_warns(out: Path) -> None:
    text = (out / "report" / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    sources = [each[name] for _, each in page.tags for name in ("src", "href") if name in each]
    assert all(source.startswith(("data:image/", "#")) for source in sources)
    for words in ("synthetic subject", "not verified", "not certified", "no medical device", "McIntyre", "Capogrosso"):
        assert words in text


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium, google-chrome or chrome on the path to open the page in")
def test_a_browser_shows_the_pictures_and_the_tables(out: Path, tmp_path: Path) -> None:
    copy = tmp_path / "report.html"
    text = (out / "report" / "report.html").read_text(encoding="utf-8")
    copy.write_text(text.replace("</body>", READ), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900", "--virtual-time-budget=10000")
    command = [CHROMIUM, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", copy.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    read = json.loads(unescape(re.search("<pre>(.*?)</pre>", shown, re.DOTALL)[1]))
    assert len(read["pictures"]) >= 5
    assert all(alt and width > 100 for alt, width in read["pictures"])
    assert read["tables"]["curves"] == Page(text).tables["curves"]
    assert not read["wide"]


def test_run_again_skips_and_verify_finds_what_was_tampered_with(out: Path) -> None:
    again = spinemodel("run", out / "study.toml", "--out", out)
    assert again.output.count("unchanged") == 8
    assert "every file is as it was written" in spinemodel("verify", out).output
    table = out / "curves" / "curves.tsv"
    content = table.read_bytes()
    table.write_bytes(content.replace(b"C1:-1", b"C9:-1"))
    told = spinemodel("verify", out)
    table.write_bytes(content)
    assert told.exit_code == 1
    assert "first stage that differs: curves" in told.output


def test_what_is_refused(tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    tables = '[subject]\nphantom = {}\n[lead]\nname = "rado-scs"\nat = "L2"\n[tissues]\npreset = "nrv"\n'
    study.write_text(f"{tables}[pulse]\nwidth_ms = 1\n")
    for words, line in (
        (("run", study, "--until", "model", "--only", "lead"), "--until and --only: expected one of them"),
        (("run", study, "--until", "modle"), "stage modle: there is none; expected one of model, lead, field"),
        (("run", study, "--only", "lead"), "stage lead: needs model, which is not done"),
        (("run", tmp_path / "none.toml"), "cannot be read as a study"),
        (("verify", tmp_path), "give a folder that `spinemodel run` wrote"),
    ):
        refused = spinemodel(*words)
        assert isinstance(refused.exception, InputError)
        assert line in str(refused.exception)

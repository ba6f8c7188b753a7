"""``spinemodel sweep``: what is ranked first, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.sweep import sweep
from spinemodel.cli.sweep_target import target_of
from spinemodel.errors import InputError, SpineModelError
from spinemodel.io.files import plain
from spinemodel.io.muscles import read_muscles
from spinemodel.io.recruitment_tables import read_rows
from spinemodel.leads.design import Contact
from tests.cli.toy_recruitment import lead_field, model_folder
from tests.recruitment.toy_engine import Toy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("sweep")
    lead_field(model_folder(base / "sub-toy"), base / "lf.h5")
    return base


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spinemodel.recruitment.engines.engine", lambda *_, **__: Toy())


def run(folder: Path, *words: object, fields: tuple[str, ...] = ("lf.h5",)) -> str:
    app = typer.Typer()
    app.command()(sweep)
    asked = [folder / "sub-toy", *(folder / name for name in fields), *words, "--pulse", "0.3ms", "--fibres", "4"]
    result = CliRunner().invoke(app, [str(word) for word in asked], env={"COLUMNS": "200"})
    if result.exception:
        raise result.exception
    return result.output


@pytest.mark.parametrize(
    ("target", "best"),
    [("L1_L", "C1:-1"), ("L1_R", "C2:-1"), ("L2_L", "C3:-1"), ("side:R", "C2:-1"), ("level:L2", "C3:-1")],
)
def test_the_contact_beside_the_target_is_best(folder: Path, tmp_path: Path, target: str, best: str) -> None:
    told = run(folder, "--target", target, "--out", tmp_path / "r.tsv")
    rows = read_rows(tmp_path / "r.tsv", "ranks")
    assert rows[0]["montage"] == best
    assert float(rows[0]["at_half"]) > 0.5
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert "16 fibres" in told
    assert json.loads((tmp_path / "r.json").read_text())["Parameters"]["By"] == "contrast"


def test_several_fields_are_ranked_together(folder: Path, tmp_path: Path) -> None:
    lead_field(folder / "sub-toy", folder / "second.h5", certificate=None)
    words = ("--target", "L1_L", "--by", "threshold", "--out", tmp_path / "r.tsv")
    told = run(folder, *words, fields=("lf.h5", "second.h5"))
    rows = read_rows(tmp_path / "r.tsv", "ranks")
    assert {row["lead"] for row in rows} == {"lf", "second"}
    least = [float(row["I10_mA"].replace("n/a", "inf")) for row in rows]
    assert len(rows) == 6
    assert least == sorted(least)
    assert "note: second.h5: the lead field is not certified" in told


def test_a_figure(folder: Path, tmp_path: Path) -> None:
    told = run(folder, "--target", "L1_L", "--figure", "--out", tmp_path / "r.tsv")
    assert (tmp_path / "r_lf.png").read_bytes().startswith(b"\x89PNG")
    assert "r_lf.png" in told


def test_fields_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SpineModelError, match="names that differ"):
        run(folder, "--target", "L1_L", "--out", tmp_path / "r.tsv", fields=("lf.h5", "lf.h5"))


def test_pairs_of_a_lead_of_one_s_own(folder: Path, tmp_path: Path) -> None:
    row = [plain(Contact(f"C{i + 1}", "disc", 0.0, 4.0 * i, 3.0, 3.0)) for i in range(3)]
    lead_field(folder / "sub-toy", folder / "row.h5", contacts=row)
    words = ("--target", "L1_L", "--pairs", "neighbours", "--out", tmp_path / "r.tsv")
    run(folder, *words, fields=("row.h5",))
    found = {row["montage"] for row in read_rows(tmp_path / "r.tsv", "ranks")}
    assert found == {"C1:-1", "C2:-1", "C3:-1", "C1:-1,C2:+1", "C2:-1,C1:+1", "C2:-1,C3:+1", "C3:-1,C2:+1"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--target", "L9_L"), "got L9_L; expected some but not all of L1_L"),
        (("--target", "side:L,R"), "got L, R; expected some but not all"),
        (("--target", "toe:L"), "no kind 'toe'"),
        (("--target", "muscle:TA_L"), "expected --muscles with muscle:NAME"),
        (("--target", "L1_L", "--muscles", "example"), "and with nothing else"),
        (("--target", "muscle:XX_L", "--muscles", "example"), "got XX_L"),
        (("--target", "L1_L", "--class", "Ia,II"), "expected one class"),
        (("--target", "L1_L", "--pairs", "all"), "does not state where the contacts of toy lie"),
        (("--target", "L1_L", "--out", "r.txt"), "ends with .tsv"),
        (("--target", "L1_L", "--roots", "L2_R"), "root L1_L: L1_L is not among --roots L2_R"),
        (("--target", "side:L", "--roots", "L2_R"), "side L: L is not among --roots L2_R"),
        (("--target", "L1_L", "--class", "alpha"), "build it with --ventral"),
    ],
)
def test_refused(folder: Path, tmp_path: Path, words: tuple[str, ...], expected: str) -> None:
    out = () if "--out" in words else ("--out", tmp_path / "r.tsv")
    with pytest.raises(SpineModelError, match=expected):
        run(folder, *words, *out)
    assert not list(tmp_path.iterdir())


def test_muscles_are_told_from_each_other() -> None:
    target = target_of("muscle:TA_L", read_muscles())
    assert (target.kind, target.names) == ("muscle", ("TA_L",))
    with pytest.raises(InputError, match="muscle:NAME"):
        target_of("muscle:TA_L", None)

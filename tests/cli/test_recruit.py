"""``spinemodel recruit``: what is found, printed and written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.recruit import recruit
from spinemodel.cli.recruit_case import _counted
from spinemodel.cli.recruit_tables import print_recruited
from spinemodel.cli.show import console
from spinemodel.errors import BackendUnavailableError, SpineModelError
from spinemodel.io.recruitment_tables import read_fibres, read_rows
from spinemodel.recruitment.curves import RecruitmentCurve
from spinemodel.recruitment.thresholds import Outcome
from tests.cli.toy_recruitment import lead_field, model_folder
from tests.recruitment.toy_engine import Toy

ONE = "C1:-1 (cathode C1; anode the ground), monophasic 0.3 ms"
"""In the titles of its pictures."""

FEW = ("--pulse", "0.3ms", "--fibres", "4", "--classes", "Ia")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("recruit")
    lead_field(model_folder(base / "sub-toy"), base / "lf.h5")
    return base


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spinemodel.recruitment.engines.engine", lambda *_, **__: Toy())


def run(folder: Path, *words: object, field: str = "lf.h5") -> str:
    app = typer.Typer()
    app.command()(recruit)
    asked = [str(word) for word in (folder / "sub-toy", folder / field, *words)]
    result = CliRunner().invoke(app, asked, env={"COLUMNS": "200"})
    if result.exception:
        raise result.exception
    return result.output


def test_the_root_beside_the_cathode_is_first(folder: Path, tmp_path: Path) -> None:
    told = run(folder, "--monopoles", *FEW, "--out", tmp_path / "c.tsv")
    rows = {(row["montage"], row["target"]): row for row in read_rows(tmp_path / "c.tsv", "curves")}
    for montage, root in {"C1:-1": "L1_L", "C2:-1": "L1_R", "C3:-1": "L2_L"}.items():
        least = {target: float(row["I10_mA"].replace("n/a", "inf"))
                 for (own, target), row in rows.items() if own == montage}  # fmt: skip
        assert min(least, key=least.get) == root  # type: ignore[arg-type]
        assert f"{montage}  first: {root} Ia, 10 % at {least[root]:.2f} mA" in told
    assert "16 fibres: 4 of each of Ia in 4 roots" in told
    assert "monophasic 0.3 ms: 48 thresholds in " in told
    assert "What reaches 10 % first, mA" in told


def test_fibres_and_how_they_were_found(folder: Path, tmp_path: Path) -> None:
    run(folder, "--montage", "C1:-1, C2:+0.5", *FEW, "--up-to", "5", "--out", tmp_path / "c.tsv")
    (table,) = read_fibres(tmp_path / "c_fibres.tsv")
    assert (table.montage, table.pulse, table.up_to_mA) == ("C1:-1,C2:+0.5", "monophasic 0.3 ms", 5.0)
    assert len(table) == 16
    active = table.outcome == Outcome.ACTIVATED
    assert active.any()
    assert np.isfinite(table.site[active]).all()
    stated = json.loads((tmp_path / "c.json").read_text())
    assert stated["Parameters"]["Asked"]["fibres"] == 4
    assert stated["Parameters"]["Pulse"]["edges_ms"] == [0.0, 0.3]
    assert stated["Parameters"]["Asked"]["classes"][0]["source"].startswith("Schalow")
    assert stated["Parameters"]["LeadFields"]["lf.h5"]["lead"] == "toy"
    assert any(name.endswith("lf.h5") for name in stated["SourceSHA256"])
    assert {row["formula"] for row in read_rows(tmp_path / "c_selectivity.tsv", "selectivity")} == {
        "contrast", "veraart", "difference"
    }  # fmt: skip


def test_durations_and_muscles(folder: Path, tmp_path: Path) -> None:
    told = run(folder, "--montage", "C1:-1", *FEW, "--widths", "0.1,0.2ms", "--muscles", "example", "--out",
               tmp_path / "c.tsv")  # fmt: skip
    rows = read_rows(tmp_path / "c_durations.tsv", "durations")
    assert [row["law"] for row in rows] == ["weiss", "lapicque"] * 4
    muscles = read_rows(tmp_path / "c_muscles.tsv", "curves")
    assert {row["target"][-2:] for row in muscles} == {"_L", "_R"}
    assert "c_muscles.tsv" in told
    _, laws = told.split("Strength-duration")
    current = next(row["rheobase_mA"] for row in rows if row["rheobase_mA"] != "n/a")
    assert f" {float(current):#.3g} " in laws
    assert current not in laws, "files hold more digits"
    widths = read_rows(tmp_path / "c_widths.tsv", "widths")
    assert [row["width_ms"] for row in widths] == ["0.1", "0.2"] * 4
    stated = json.loads((tmp_path / "c_muscles.json").read_text())["Parameters"]
    assert stated["WidthsMs"] == [0.1, 0.2]
    assert stated["Muscles"]["name"] == "sharrard1964"
    assert len(stated["Muscles"]["sha256"]) == 64
    (missing,) = (line for line in told.splitlines() if "are n/a: no fibre in play in the roots" in line)
    assert "L3, L4" in missing
    assert "muscles sharrard1964: weights are second-hand" in told


def test_the_same_again_is_the_same_to_the_byte(folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(folder, "--montage", "C1:-1", *FEW, "--seed", "3", "--out", tmp_path / name / "c.tsv")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_roots_and_classes_that_are_left_out(folder: Path, tmp_path: Path) -> None:
    told = run(folder, "--montage", "C1:-1", "--pulse", "0.3ms", "--fibres", "1", "--roots", "l1_l,L2_R", "--out",
               tmp_path / "c.tsv")  # fmt: skip
    assert "note: no fibres of alpha" in told
    assert {row["target"] for row in read_rows(tmp_path / "c.tsv", "curves")} == {"L1_L", "L2_R"}


def test_what_should_be_known_is_said(folder: Path, tmp_path: Path) -> None:
    lead_field(folder / "sub-toy", folder / "bare.h5", certificate=None, lead="specify-5-6-5")
    told = run(folder, "--montage", "C1:-1", *FEW, "--up-to", "0.001", "--out", tmp_path / "c.tsv", field="bare.h5")
    for words in ("not certified", "lead specify-5-6-5: its sizes are not verified", "16 not activated",
                  "first: nothing, at no current that was tried"):  # fmt: skip
        assert words in told


def test_a_figure_of_each_montage(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = {}
    monkeypatch.setattr("spinemodel.report.recruitment.draw_curves",
                        lambda path, curves, title: drawn.update({path.name: (title, len(curves))}))  # fmt: skip
    monkeypatch.setattr("spinemodel.report.recruitment_map.draw_map",
                        lambda path, curves, kind, title: drawn.update({path.name: (kind, len(curves))}))  # fmt: skip
    monkeypatch.setattr(
        "spinemodel.report.recruitment_thresholds.draw_thresholds",
        lambda path, found, lines, kind, _, lead, montage, title: drawn.update(
            {path.name: (title, len(lines), kind, lead, montage.currents)}
        ),
    )
    told = run(folder, "--montage", "C1:-1", *FEW, "--figure", "--out", tmp_path / "one.tsv")
    assert "note: the lead is not drawn among the fibres; --lead lead.json draws it" in told
    run(folder, "--montage", "C1:-1", "--montage", "C1:-1,C2:1", *FEW, "--figure", "--out", tmp_path / "two.tsv")
    of_two = ["two_map_Ia.png", "two_C1-1.png", "two_C1-1_C2+1.png", "two_thresholds_Ia.png"]
    assert list(drawn) == ["one.png", "one_thresholds_Ia.png", *of_two]
    assert drawn["one_thresholds_Ia.png"] == (f"Ia: {ONE}", 16, "Ia", None, {"C1": -1.0})
    monkeypatch.setattr("spinemodel.cli.recruit.lead_of", lambda *_: "a lead")
    both = ("--pulse", "0.3ms", "--fibres", "2", "--classes", "Ia,II")
    told = run(folder, "--montage", "C1:-1", *both, "--figure", "--lead", "lead.json", "--out", tmp_path / "both.tsv")
    assert "not drawn" not in told
    assert drawn["both_thresholds_II.png"] == (f"II: {ONE}", 16, "II", "a lead", {"C1": -1.0})
    assert "both_thresholds_Ia.png" in drawn
    assert drawn["two_map_Ia.png"] == ("Ia", 8)
    assert drawn["two_C1-1_C2+1.png"] == ("C1:-1,C2:+1 (cathode C1; anode C2), monophasic 0.3 ms", 4)


def test_the_help_names_the_study_s_key_for_the_number_of_fibres() -> None:
    app = typer.Typer()
    app.command()(recruit)
    told = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert "fibres.count in a study" in " ".join(told.split())


def test_progress_names_montages_as_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("spinemodel.cli.show.EVERY_S", -1.0)
    with _counted("monophasic 0.3 ms") as tell:
        tell("C8:-1", 3, 50)
    assert capsys.readouterr().err == "monophasic 0.3 ms, C8:-1: 3 of 50 fibres\n"


def test_a_figure_that_cannot_be_drawn(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BackendUnavailableError("no matplotlib")

    monkeypatch.setattr("spinemodel.report.recruitment.draw_curves", fail)
    told = run(folder, "--montage", "C1:-1", *FEW, "--figure", "--out", tmp_path / "c.tsv")
    assert "note: figure left out: no matplotlib" in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--out", "c.csv"), "ends with .tsv"),
        (("--lead", "lead.json"), "--lead lead.json: is for --figure alone"),
        (("--montage", "C9:-1"), "no contact 'C9'"),
        (("--montage", "C1:-1", "--montage", "C1:-1"), "each of them once"),
        (("--montage", "C1:-1", "--monopoles"), "expected one of them"),
        ((), "one of them is needed"),
        (("--montage", "C1:-1", "--montage", "C1:-2"), "but for their size"),
        (("--classes", "alpha"), "no ventral roots, in which fibres of alpha run; build it with --ventral"),
        (("--widths", "0.001,0.1"), "each from 0.005"),
        (("--pulse", "0.001ms"), "--pulse 0.001ms: lasts 0.001 ms, expected a time step of 0.005 ms"),
        (("--pulse", "0.3ms@1Hz x9"), "--pulse '0.3ms@1Hz x9': ends at 8000.3 ms, expected 500 ms"),
        (("--pulse", "0.3ms,delay=1000ms"), "expected 500 ms or less"),
        (("--out", "."), "ends with .tsv"),
        (("--fibres", "0"), "--fibres 0: expected 1 to"),
        (("--seed", "-1"), "--seed -1"),
        (("--dorsal-column", "-1"), "--dorsal-column -1"),
        (("--up-to", "nan"), "--up-to nan"),
        (("--roots", "L9_L"), "no root L9_L"),
        (("--classes", "Ib"), "nearest is"),
        (("--classes", ","), "--classes ','"),
        (("--classes", "no.toml"), "no.toml"),
        (("--widths", "0.1"), "two widths"),
        (("--widths", "0.1,wide"), "two widths"),
        (("--pulse", "fast"), "pulse 'fast'"),
        (("--pulse", "no.csv"), "no.csv"),
        (("--muscles", "no.toml"), "no.toml"),
    ],
)
def test_refused(folder: Path, tmp_path: Path, words: tuple[str, ...], expected: str) -> None:
    given = {"--pulse": "0.3ms", "--out": str(tmp_path / "c.tsv")}
    rest = [word for name, value in given.items() if name not in words for word in (name, value)]
    if not {"--montage", "--monopoles"} & set(words) and words:
        rest += ["--montage", "C1:-1"]
    with pytest.raises(SpineModelError, match=expected) as caught:
        run(folder, *words, *rest)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_refused_before_all_else(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.tsv").mkdir()
    (tmp_path / "c_fibres.tsv").mkdir()
    for name, expected in (("file/c.tsv", "file cannot be written to"), ("folder.tsv", "folder.tsv: is a folder"),
                           ("c.tsv", "c_fibres.tsv: is a folder")):  # fmt: skip
        with pytest.raises(SpineModelError, match=expected):
            run(folder, "--montage", "C1:-1", *FEW, "--out", tmp_path / name, field="there_is_none.h5")


def test_an_earlier_result_of_the_name_is_replaced_as_a_whole(folder: Path, tmp_path: Path) -> None:
    run(folder, "--montage", "C1:-1", *FEW, "--widths", "0.1,0.2", "--out", tmp_path / "c.tsv")
    stale = ("c.png", "c_thresholds_Ia.png", "c_C1-1.png", "c_C1-1_C2+0.5.png", "c_map_Ia.png")
    others = ("c_mine.png", "d.png", "c_mine.tsv")
    for name in (*stale, *others):
        (tmp_path / name).write_text("")
    told = run(folder, "--montage", "C1:-1", *FEW, "--out", tmp_path / "c.tsv")
    (line,) = (line for line in told.splitlines() if "an earlier result is replaced" in line)
    for name in (*stale, "c_durations.tsv", "c_durations.json", "c_widths.tsv"):
        assert not (tmp_path / name).exists()
        assert name in line
    assert all((tmp_path / name).exists() for name in (*others, "c.tsv", "c_fibres.tsv", "c_fibres.json"))


def test_a_pulse_s_file_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    pulse = tmp_path / "c.tsv"
    pulse.write_text("0\t1\n0.3\t0\n")
    with pytest.raises(SpineModelError, match="is an input too"):
        run(folder, "--montage", "C1:-1", "--pulse", pulse, "--out", pulse)


def test_twice_the_montage_is_the_same_current(folder: Path, tmp_path: Path) -> None:
    found = []
    for text in ("C1:-1,C2:+0.5", "C1:-2,C2:+1"):
        run(folder, "--montage", text, *FEW, "--out", tmp_path / "c.tsv")
        rows = read_rows(tmp_path / "c.tsv", "curves")
        assert {row["montage"] for row in rows} == {text}
        found.append([{**row, "montage": ""} for row in rows])
    assert found[0] == found[1]
    assert "largest current" in json.loads((tmp_path / "c.json").read_text())["montage"]["Description"]


def test_an_end_that_fires_is_told_as_unknown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(console, "width", 200)
    ends = {Outcome.ACTIVATED: 4, Outcome.NOT_ACTIVATED: 1, Outcome.AT_END: 5}
    silent = {Outcome.ACTIVATED: 4, Outcome.NOT_ACTIVATED: 6}
    for counts, expected in ((ends, "n/a"), (silent, "-")):
        print_recruited([RecruitmentCurve("L3_L", "Ia", [1.0], [0.4], 10.0, counts, "C1:-1", "0.3 ms")])
        told = capsys.readouterr().out
        (row,) = (line for line in told.splitlines() if line.strip().startswith("L3_L"))
        assert row.split()[3:5] == ["1.00", expected]
        assert ("unknown: 5 of 10 fire first at an end" in row) == (counts is ends)
        assert ("n/a is unknown" in told) == (counts is ends)


def test_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    lead_field(folder / "sub-toy", folder / "other.h5", model_sha256="0" * 64)
    with pytest.raises(SpineModelError, match="not as it was"):
        run(folder, "--montage", "C1:-1", *FEW, "--out", tmp_path / "c.tsv", field="other.h5")


def test_a_file_that_is_read_is_not_overwritten(folder: Path) -> None:
    with pytest.raises(SpineModelError, match=r"\.tsv"):
        run(folder, "--montage", "C1:-1", *FEW, "--out", folder / "lf.h5")

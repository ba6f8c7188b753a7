"""The page of a study: what is cited is what was used, what is found stands there, and a browser reads it."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.recruitment.bands import ANNOTATORS
from spinemodel.recruitment.curves import RecruitmentCurve
from spinemodel.recruitment.thresholds import Outcome
from spinemodel.report.page import write_page
from spinemodel.report.recruitment_map import draw_map
from spinemodel.report.study_methods import Used, methods
from spinemodel.report.study_page import THRESHOLDS, Shown, best_rows, lowest_rows, picture, study_sections
from spinemodel.report.study_spread import COLUMNS, Spread, spread_section
from tests.report.test_agreement_page import CHROMIUM, READ, Page

USED = Used(
    subject="sub-1",
    phantom_noise_mm=None,
    datasets=["A dataset"],
    lead="A lead <b>",
    at="L2",
    lead_source="its maker",
    preset="A preset",
    preset_sources=["Table one", "Table two"],
    spacing_mm=0.4,
    boundary="beyond",
    certified=False,
    classes={"Ia": "Schalow"},
    models=["mrg"],
    fibres=280,
    montages=2,
    pulse="monophasic 0.3 ms",
    up_to_mA=20.0,
    accurate=False,
)


def curve_row(montage: str, root: str, first: str, half: str) -> dict[str, str]:
    row = dict.fromkeys(THRESHOLDS, "1") | {"fibres": "5", "left_out": "0", "at_end": "0"}
    return row | {"montage": montage, "target": root, "class": "Ia", "I10_mA": first, "I50_mA": half}


def selectivity_row(montage: str, root: str, at_half: str) -> dict[str, str]:
    return {"montage": montage, "target": root, "class": "Ia", "at_half": at_half, "half_mA": "2"}


CURVES = [
    curve_row("C1:-1", "L1_L", "2.5", "3"),
    curve_row("C1:-1", "L2_L", "1.5", "n/a"),
    curve_row("C2:-1", "L1_L", "n/a", "n/a"),
    curve_row("C2:-1", "L2_L", "10", "12"),
]
SELECTIVITY = [
    selectivity_row("C1:-1", "L1_L", "0.2"),
    selectivity_row("C2:-1", "L1_L", "0.7"),
    selectivity_row("C1:-1", "L2_L", "-0.3"),
    selectivity_row("C2:-1", "L2_L", "n/a"),
    selectivity_row("C2:-1", "L3_L", "n/a"),
]


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    path = tmp_path / "map.png"
    counts = {Outcome.ACTIVATED: 2}
    curves = [
        RecruitmentCurve("L1_L", "Ia", [1.0, 2.0], [0.5, 1.0], 20.0, counts, "C1:-1", "p"),
        RecruitmentCurve("L2_L", "Ia", [], [], 20.0, {Outcome.NOT_ACTIVATED: 2}, "C1:-1", "p"),
    ]
    draw_map(path, curves, "Ia")
    return Shown(
        title="A study",
        warnings=["sub-1 is a synthetic subject <i>"],
        used=USED,
        pictures={"Recruitment": [picture(path, "Currents that recruit roots")]},
        curves=CURVES,
        selectivity=SELECTIVITY,
        muscles=[],
        spread=None,
        conductivities=[{"material": "CSF", "along": "1.7", "across": "1.7", "source": "Table one"}],
        stages=[{"stage": "model", "s": "1.0", "inputs": "0" * 64}],
        files=[{"stage": "model", "": "written", "file": "model/model.json", "SHA-256": "f" * 64}],
        versions=[{"package": "numpy", "version": "2"}],
        settings=[{"key": "lead.at", "value": "L2"}],
    )


def test_numbers_are_compared_as_numbers() -> None:
    assert [(row["montage"], row["root"], row["I10_mA"]) for row in lowest_rows(CURVES)] == [
        ("C1:-1", "L2_L", "1.50"),
        ("C2:-1", "L2_L", "10"),
    ]


def test_the_most_selective_montage_of_each_root() -> None:
    assert [(row["root"], row["montage"], row["at_half"]) for row in best_rows(SELECTIVITY)] == [
        ("L1_L", "C2:-1", "0.700"),
        ("L2_L", "C1:-1", "-0.300"),
    ]


def test_methods_cite_what_was_used_and_nothing_else() -> None:
    paragraphs, works = methods(USED)
    told = " ".join(paragraphs)
    assert works[0] == "A dataset"
    assert {"Table one", "Table two"} < set(works)
    assert any("McIntyre" in work for work in works)
    assert not any("Gaines" in work or "Sweeney" in work or "Liu" in work for work in works)
    cited = {int(number) for group in re.findall(r"\[([\d, ]+)\]", told) for number in group.split(",")}
    assert cited == set(range(1, len(works) + 1))
    assert "synthetic" not in told


def test_the_same_work_is_listed_once_and_choices_not_at_all() -> None:
    sources = ["A 2013, Table 1 (fat)", "A 2013, Table 1 (bone)", "what others take; a choice"]
    paragraphs, works = methods(replace(USED, preset_sources=sources, classes={"Ia": "Schalow: SP1, 13.2 um"}))
    assert "A 2013, Table 1" in works
    assert len([work for work in works if work.startswith("A 2013")]) == 1
    assert not any("choice" in work for work in works)
    (schalow,) = (i for i, work in enumerate(works, start=1) if work.startswith("Schalow"))
    assert f"Ia: Schalow [{schalow}]: SP1, 13.2 um" in " ".join(paragraphs)
    paragraphs, _ = methods(replace(USED, preset_sources=sources[2:]))
    assert "Conductivities: A preset." in " ".join(paragraphs)


@pytest.mark.parametrize(
    ("models", "asked", "said"),
    [
        (["mrg"], "auto", "by the modal engine, in"),
        (["mrg"], "direct", "by the direct engine, in"),
        (["sweeney"], "auto", "by the direct engine, in"),
        (["mrg", "sweeney"], "auto", "by the modal engine (MRG) and the direct one (others), in"),
    ],
)
def test_methods_name_engine_and_step(models: list[str], asked: str, said: str) -> None:
    told = " ".join(methods(replace(USED, models=models, engine=asked))[0])
    assert said in told
    assert "time steps of 5 us, which read thresholds 1-2 % too high" in told
    accurate = " ".join(methods(replace(USED, accurate=True))[0])
    assert "5 us, extrapolated to steps of 0" in accurate
    assert "too high" not in accurate


def test_fibres_that_fire_at_an_end_are_not_told_as_silent(shown: Shown, tmp_path: Path) -> None:
    known = {"fibres": "5", "left_out": "0", "activated": "0", "I90_mA": "n/a", "I10_x_all": "n/a"}
    rows = [curve_row("C1:-1", "L1_L", "n/a", "n/a") | known | {"at_end": at_end} for at_end in ("2", "0")]
    path = tmp_path / "report.html"
    write_page(path, shown.title, study_sections(replace(shown, curves=[*rows, curve_row("C2:-1", "L1_L", "1", "2")])))
    head, some, none, _ = Page(path.read_text(encoding="utf-8")).tables["curves"]
    currents = [i for i, name in enumerate(head) if name.startswith("I") and name.endswith("mA")]
    assert [some[i] for i in currents] == ["unknown: 2 of 5 fire first at an end", "n/a", "n/a"]
    assert [none[i] for i in currents] == ["n/a"] * 3


def test_the_map_has_a_sign_of_its_own_for_what_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.axes import Axes

    written: list[str] = []
    monkeypatch.setattr(Axes, "text", lambda _self, _x, _y, text, **_: written.append(text))
    counts = {"L1_L": Outcome.ACTIVATED, "L2_L": Outcome.AT_END, "L3_L": Outcome.NOT_ACTIVATED}
    steps = {"L1_L": ([2.0], [1.0])}
    of = [RecruitmentCurve(root, "Ia", *steps.get(root, ([], [])), 20.0, {outcome: 2}, "C1:-1", "p")
          for root, outcome in counts.items()]  # fmt: skip
    draw_map(tmp_path / "map.png", of, "Ia")
    assert written == ["2", "?", "–"]


def test_the_map_has_a_bar_that_names_unit_and_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.colorbar import Colorbar

    named: list[str] = []
    monkeypatch.setattr(Colorbar, "set_label", lambda _self, text, **_: named.append(text))
    of = [RecruitmentCurve("L1_L", "II", [2.0], [1.0], 20.0, {Outcome.ACTIVATED: 1}, "C1:-1", "p")]
    draw_map(tmp_path / "map.png", of, "II")
    assert named[-1] == "10 % of II:\ncurrent (mA)"


def test_currents_have_three_digits(shown: Shown, tmp_path: Path) -> None:
    long = {"I10_mA": "1.09876", "I50_mA": "12.3456", "I90_mA": "n/a", "I10_x_all": "2.93585"}
    selectivity = [selectivity_row("C1:-1", "L1_L", "0.460674") | {"half_mA": "1.30997"}]
    shown = replace(shown, curves=[CURVES[0] | long], muscles=[CURVES[0] | long], selectivity=selectivity)
    path = tmp_path / "report.html"
    write_page(path, shown.title, study_sections(shown))
    tables = Page(path.read_text(encoding="utf-8")).tables
    assert tables["lowest"][1][-2:] == ["1.10", "12.3"]
    assert tables["curves"][1][3:6] == tables["muscles"][1][3:6] == ["1.10", "12.3", "2.94"]
    assert tables["selectivity-best"][1][-2:] == ["0.461", "1.31"]


def test_methods_of_other_studies() -> None:
    other = replace(USED, phantom_noise_mm=0.1, datasets=[], models=["gaines-motor", "sweeney"], muscles=["A table"])
    paragraphs, works = methods(other)
    assert "synthetic subject sub-1" in paragraphs[0]
    assert all(any(name in work for work in works) for name in ("Liu", "McIntyre", "Gaines", "Sweeney", "A table"))
    assert "[]" not in " ".join(paragraphs)


def test_the_page_says_all_of_it(shown: Shown, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_page(path, shown.title, study_sections(shown))
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    assert {"lowest", "curves", "selectivity-best", "conductivities", "stages", "versions", "settings", "files"} == set(
        page.tables
    )
    assert len(page.tables["curves"]) == 1 + len(CURVES)
    for words in ("no medical device", "synthetic subject &lt;i&gt;", "A lead &lt;b&gt;", "f" * 64, "[1] A dataset"):
        assert words in text
    sources = [each[name] for _, each in page.tags for name in ("src", "href") if name in each]
    assert all(source.startswith(("data:image/", "#")) for source in sources)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium, google-chrome or chrome on the path to open the page in")
def test_a_browser_reads_it(shown: Shown, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_page(path, shown.title, study_sections(shown))
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", READ), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900", "--virtual-time-budget=10000")
    command = [CHROMIUM, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    read = json.loads(unescape(re.search("<pre>(.*?)</pre>", told, re.DOTALL)[1]))
    assert read["tables"]["lowest"][1] == ["C1:-1", "L2_L", "Ia", "1.50", "n/a"]
    assert all(alt and width > 100 for alt, width in read["pictures"])
    assert not read["wide"]


def test_spread_is_told_by_source() -> None:
    currents = [
        dict.fromkeys(COLUMNS, "2") | {"montage": montage, "source": source, "repetitions": number,
                                           "I50_low_mA": "1.5", "I50_high_mA": high}
        for source, number in (("seeds of the population", "3"), ("conductivity presets", "40"))
        for montage, high in (("C1:-1", "2.5"), ("C2:-1", "n/a"))
    ]  # fmt: skip
    section = spread_section(Spread(0.95, [{"variant": "seed-1", "result": "done"}], currents, "C1:-1"), [])
    sources, _, shown = section.tables
    assert [row["I50_percent"] for row in sources.rows] == ["50", "50"]
    assert {row["montage"] for row in shown.rows} == {"C1:-1"}
    assert "3 seeds of the population, 40 conductivity presets, the study itself among them" in section.text[0]
    assert "A band holds 95 %, or of fewer than 40 the range, of the repetitions of one source" in section.text[0]
    assert section.text[1] == "Fewer than 40 repetitions give their range and no confidence: seeds of the population."
    (nothing,) = spread_section(Spread(0.95, [], [], "C1:-1"), []).text
    assert "nothing can be said" in nothing


def test_methods_tell_the_spread() -> None:
    more = {"repetitions": {ANNOTATORS: 2}, "level": 0.9, "other_presets": {"Another": ["Table three"]}}
    paragraphs, works = methods(replace(USED, **more))
    assert "2 redrawn annotations, the study itself" in paragraphs[-1]
    assert "chosen and not measured" in paragraphs[-1]
    assert "A band holds the range of the repetitions" in paragraphs[-1]
    assert paragraphs[-1].endswith(f"Another [{works.index('Table three') + 1}].")


def test_nothing_to_map_is_said(tmp_path: Path) -> None:
    silent = RecruitmentCurve("L1_L", "Ia", [], [], 20.0, {Outcome.NOT_ACTIVATED: 2}, "C1:-1", "p")
    with pytest.raises(InputError, match="no root is recruited"):
        draw_map(tmp_path / "map.png", [silent], "Ia")

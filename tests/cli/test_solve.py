"""``spinemodel solve``: what it tells and writes, what it asks of the solver, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from spinemodel.cli.field_case import watched
from spinemodel.cli.solve import solve
from spinemodel.errors import ConvergenceError, InputError, SpineModelError
from spinemodel.field.boxes import Box
from spinemodel.field.certificate import FINER
from spinemodel.field.lead_field import LeadField
from spinemodel.field.problem import Problem
from spinemodel.io import memory
from spinemodel.io.files import sha256
from spinemodel.io.lead import write_lead
from spinemodel.io.lead_field import read_lead_field, require_lead, require_model
from spinemodel.io.lead_site import site_of, target_of
from spinemodel.io.whole_model import read_model
from spinemodel.leads.placement import place
from spinemodel.study.compiling import ONCE
from tests.io.made_fields import certificate, potential_in
from tests.leads.models import straight_model
from tests.leads.phantoms import paddle

app = typer.Typer()
app.command()(solve)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A straight spine of tubes with a paddle of three contacts."""
    base = tmp_path_factory.mktemp("solve")
    model = straight_model(base / "sub-toy", tissues=True)
    placed = place(paddle(), site_of(model), target_of("L1", model))
    write_lead(placed, base / "lead.json", model)
    return base


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the solver, which is left out, was asked for: it returns point sources."""
    seen: dict[str, Any] = {}

    def stand_in(
        problem: Problem, boxes: Sequence[Box], *, progress: Callable[[int, float], None], about: Any, **more: Any
    ) -> LeadField:
        seen.update(more, problem=problem, boxes=boxes)
        progress(1, 1e-3)
        at = np.array([contact.triangles.reshape(-1, 3).mean(axis=0) for contact in problem.contacts])
        return LeadField(
            problem.medium.space,
            tuple(contact.name for contact in problem.contacts),
            tuple(boxes),
            tuple(potential_in(box, at) for box in boxes),
            tuple(np.ones(box.halves, np.uint8) for box in boxes),
            {1: "CSF"},
            np.eye(len(at)) * 500 + 100,
            {**about, "residuals": [[1.0, 1e-3, 1e-8]]},
        )

    monkeypatch.setattr("spinemodel.io.field_case.solve", stand_in)
    return seen


def run(folder: Path, *words: object) -> str:
    given = [folder / "sub-toy", folder / "lead.json", "--tissues", "capogrosso2013", *words]
    result = CliRunner().invoke(app, [str(word) for word in given], env={"COLUMNS": "200"})
    if result.exception:
        raise result.exception
    return result.output


def problem_of(folder: Path, *words: object) -> str:
    """The one line of the error."""
    with pytest.raises(SpineModelError) as caught:
        run(folder, *words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_field_is_solved_told_and_written(folder: Path, tmp_path: Path, asked: dict[str, Any]) -> None:
    out = tmp_path / "leadfield.h5"
    words = ("--contacts", "uniform", "--tolerance", "1e-6", "--boundary", "grounded")
    told = run(folder, "--spacing", "1", *words, "--out", out)
    assert asked["currents"] == "uniform"
    assert asked["tolerance"] == 1e-6
    assert [contact.name for contact in asked["problem"].contacts] == ["C1", "C2", "C3"]
    assert asked["problem"].ground is not None
    for words in ("million unknowns for each of 3 contacts", "of memory", "2 iterations to 1e-06", "600.0", str(out)):
        assert words in told
    field, model = read_lead_field(out), read_model(folder / "sub-toy")
    require_model(field, out, model)
    require_lead(field, out, folder / "lead.json")
    assert field.about["preset"] == "capogrosso2013"
    assert field.about["conductivities"]["CSF"]["along"] == 1.7
    assert field.about["settings"]["spacing_mm"] == 1.0
    assert "certificate" not in field.about
    assert [(row["name"], row["u_mm"], row["v_mm"]) for row in field.about["contacts"]] == [
        (one.name, one.u_mm, one.v_mm) for one in paddle().contacts
    ]


def test_loops_of_real_and_of_complex_numbers_are_told_to_be_compiled(
    folder: Path, tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinemodel.study.compiling.mark", lambda: tmp_path / "mark")
    words, at = ("--spacing", "1", "--no-patches", "--out", tmp_path / "a.h5"), ("--frequency", "1000")
    assert [ONCE in run(folder, *words) for _ in range(2)] == [True, False]
    for _ in range(2):
        with pytest.raises(InputError, match="capogrosso2013 has no permittivities"):
            run(folder, *words, *at)
    told = [run(folder, *words, *at, "--tissues", "gabriel1996") for _ in range(2)]
    assert [ONCE in each for each in told] == [True, False]
    assert {path.name for path in tmp_path.glob("mark*")} == {"mark-field-3", "mark-field-3-complex"}


def test_boxes_hold_the_lead_finely_and_all_tissues(folder: Path, tmp_path: Path, asked: dict[str, Any]) -> None:
    run(folder, "--spacing", "1", "--region", "5", "--out", tmp_path / "a.h5")
    boxes, parts = asked["boxes"], asked["problem"].medium.parts
    every = np.vstack([part.vertices for part in parts.values()])
    contacts = np.vstack([contact.triangles.reshape(-1, 3) for contact in asked["problem"].contacts])
    assert [box.spacing_mm for box in boxes[:2]] == [0.5, 1.0]
    assert (boxes[0].low <= contacts.min(axis=0)).all()
    assert (boxes[0].high >= contacts.max(axis=0)).all()
    assert (boxes[-1].low <= every.min(axis=0) + 1e-6).all()
    assert (boxes[-1].high >= every.max(axis=0) - 1e-6).all()


def test_dry_run_tells_the_size_and_writes_nothing(folder: Path, tmp_path: Path, asked: dict[str, Any]) -> None:
    told = run(folder, "--spacing", "0.4", "--out", tmp_path / "a.h5", "--dry-run")
    assert "million unknowns" in told
    assert not asked
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dry", [("--dry-run",), ()])
@pytest.mark.parametrize(
    ("out", "more", "said"),
    [
        ("folder.h5", (), "--out {out}: is a folder; expected the name of a file"),
        ("file/a.h5", (), "--out {out}: {base}/file cannot be written to (Not a directory); choose another folder"),
        ("b.h5", ("--figure",), "--out {base}/b.png: is a folder; expected the name of a file"),
        ("a.txt", (), "--out {out}: expected a name that ends with .h5 or .hdf5"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, out: str, more: tuple[str, ...], said: str, dry: tuple[str, ...]
) -> None:
    for name in ("folder.h5", "b.png"):
        (tmp_path / name).mkdir()
    for name in ("file", "sub-toy", "lead.json"):
        (tmp_path / name).touch()
    there = sorted(tmp_path.rglob("*"))
    expected = said.format(out=tmp_path / out, base=tmp_path)
    assert problem_of(tmp_path, "--out", tmp_path / out, *more, *dry) == expected
    assert sorted(tmp_path.rglob("*")) == there


def test_patches_are_told_and_can_be_left_out(
    folder: Path, tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = Box((0, 0, 0), (101, 101, 101), 0.07)
    monkeypatch.setattr("spinemodel.io.field_case.root_patches", lambda *of: (patch, patch))
    told = run(folder, "--spacing", "1", "--out", tmp_path / "a.h5", "--dry-run")
    assert re.search(r"0\.07\W+2\W+2\.06", told)
    without = run(folder, "--spacing", "1", "--out", tmp_path / "a.h5", "--dry-run", "--no-patches")
    assert "no patches along roots: " in without
    needs = [float(re.search(r"about ([\d.]+) GB", text)[1]) for text in (told, without)]  # type: ignore[index]
    assert needs[0] > needs[1] + 0.5
    monkeypatch.setattr("spinemodel.io.field_memory.free_bytes", lambda: round(1e9 * (needs[0] - 0.1)))
    assert "needs about" in problem_of(folder, "--spacing", "1", "--out", tmp_path / "a.h5")
    run(folder, "--spacing", "1", "--out", tmp_path / "a.h5", "--no-patches")
    assert not read_lead_field(tmp_path / "a.h5").patches


def test_what_does_not_fit_is_refused_with_the_spacing_that_would(
    folder: Path, tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinemodel.io.field_memory.free_bytes", lambda: 1 << 30)
    said = problem_of(folder, "--spacing", "0.2", "--out", tmp_path / "a.h5")
    assert "--spacing 0.2: needs about" in said
    assert "1.1 GB are free" in said
    fits = said.split("--spacing ")[-1].removesuffix(" would")
    assert not asked
    run(folder, "--spacing", fits, "--out", tmp_path / "a.h5")
    finer = f"{float(fits) - 0.05:.2f}"
    assert "needs about" in problem_of(folder, "--spacing", finer, "--out", tmp_path / "b.h5")
    monkeypatch.setattr("spinemodel.io.field_memory.free_bytes", lambda: 1000)
    assert "no spacing would" in problem_of(folder, "--out", tmp_path / "a.h5")


def test_not_converged_is_an_error_and_no_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> LeadField:
        raise ConvergenceError("field: not solved to 1e-07 in 60 steps")

    monkeypatch.setattr("spinemodel.io.field_case.solve", fails)
    assert "not solved" in problem_of(folder, "--spacing", "1", "--out", tmp_path / "a.h5", "--figure")
    assert not list(tmp_path.iterdir())


def test_certify_compares_with_smaller_cells_and_a_larger_domain(
    folder: Path, tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    monkeypatch.setattr("spinemodel.io.field_case.model_paths", lambda model: ["path"])
    monkeypatch.setattr("spinemodel.io.field_case.certificate", lambda *of: given.extend(of) or certificate())
    told = run(folder, "--spacing", "1", "--certify", "--out", tmp_path / "a.h5", "--no-patches")
    field, finer, larger, paths = given
    assert "certificate: holds" in told
    assert re.search(r"certifying .*: about \d\.\d times the work of the field, and .* GB of memory", told)
    assert [one.boxes[0].spacing_mm for one in (finer, larger)] == [pytest.approx(0.5**1.5), 0.5]
    assert (larger.boxes[-1].low < field.boxes[-1].low - 50).all()
    assert (larger.boxes[-1].high > field.boxes[-1].high + 50).all()
    assert (asked["problem"].ground, asked["problem"].medium.beyond) == (None, "Bulk")
    assert paths == ["path"]
    assert read_lead_field(tmp_path / "a.h5").about["certificate"] == certificate()


def test_a_certificate_that_does_not_hold_is_written_and_exits_with_1(
    folder: Path, tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spinemodel.io.field_case.model_paths", lambda model: ["path"])
    monkeypatch.setattr("spinemodel.io.field_case.certificate", lambda *of: certificate(0.02))
    words = ["--tissues", "capogrosso2013", "--spacing", "1", "--certify", "--figure", "--no-patches"]
    given = [folder / "sub-toy", folder / "lead.json", *words, "--out", tmp_path / "a.h5"]
    result = CliRunner().invoke(app, [str(word) for word in given], env={"COLUMNS": "200"})
    assert result.exit_code == 1
    assert "certificate: DOES NOT HOLD: activating function; mind it in use" in result.output
    assert re.search(r"activating function, worst C2\W+2\.00\W+6\.80\W+0\.20\W+5\W+over", result.output)
    assert result.output.endswith("a.h5: written, and its certificate does not hold\n")
    assert read_lead_field(tmp_path / "a.h5").about["certificate"]["broken"] == ["activating"]
    assert (tmp_path / "a.png").exists()


def test_a_certificate_has_smaller_patches_and_leaves_them_out_of_the_larger_domain(
    folder: Path, tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scales, given = [], []
    monkeypatch.setattr("spinemodel.io.field_case.root_patches", lambda *of: scales.append(of[-1]) or ())
    monkeypatch.setattr("spinemodel.io.field_case.with_patches", lambda field, *_, **__: given.append(field) or field)
    monkeypatch.setattr("spinemodel.io.field_case.model_paths", lambda model: ["path"])
    monkeypatch.setattr("spinemodel.io.field_case.certificate", lambda *of: certificate())
    run(folder, "--spacing", "1", "--certify", "--out", tmp_path / "a.h5")
    assert set(scales) == {1.0, FINER}
    assert [field.boxes[0].spacing_mm for field in given] == [0.5, pytest.approx(0.5**1.5)]


def test_a_certificate_needs_more_memory(
    folder: Path, tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run(folder, "--spacing", "1", "--certify", "--out", tmp_path / "a.h5", "--no-patches", "--dry-run")
    own, certifying = (float(size) for size in re.findall(r"([\d.]+) GB of memory", told))
    assert certifying > own
    monkeypatch.setattr("spinemodel.io.field_memory.free_bytes", lambda: round(1e9 * (own + certifying) / 2))
    run(folder, "--spacing", "1", "--out", tmp_path / "a.h5", "--no-patches")
    said = problem_of(folder, "--spacing", "1", "--certify", "--out", tmp_path / "b.h5", "--no-patches")
    assert "--spacing 1 with --certify: needs about" in said
    assert not (tmp_path / "b.h5").exists()


def test_without_a_terminal_a_line_is_written_for_every_batch_of_contacts(capsys: pytest.CaptureFixture[str]) -> None:
    with watched("Solving") as tell:
        for batch in (3, 2):
            for done in range(batch):
                tell(done + 1, 10.0 ** -(done + 1))
    assert capsys.readouterr().err == "Solving: step 3, residual 1.0e-03\nSolving: step 2, residual 1.0e-02\n"
    with watched("Patches", 4) as tell:
        for done in (2, 1, 4, 3):
            tell(done, 0.5)
    assert capsys.readouterr().err == "Patches: 4 of 4, residual 5.0e-01\n"
    with watched("Nothing"):
        pass
    assert not capsys.readouterr().err


def test_figure(folder: Path, tmp_path: Path, asked: dict[str, Any]) -> None:
    run(folder, "--spacing", "1", "--out", tmp_path / "a.h5", "--figure")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "a.txt"), "expected a name that ends with .h5 or .hdf5"),
        (("--out", "a.h5", "--spacing", "0"), "--spacing 0: expected 0.05 to 2 mm"),
        (("--out", "a.h5", "--spacing", "nan"), "--spacing nan: expected"),
        (("--out", "a.h5", "--region", "-1"), "--region -1: expected 0 mm or more"),
        (("--out", "a.h5", "--tolerance", "1"), "--tolerance 1: expected"),
        (("--out", "a.h5", "--frequency", "-5"), "frequency: got -5.0, expected a number above 0, Hz"),
        (("--out", "a.h5", "--tissues", "nothing"), "no preset 'nothing'"),
    ],
)
def test_refused_before_anything_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr("spinemodel.io.whole_model.read_model", lambda path: pytest.fail("was read"))
    assert said in problem_of(folder, *words)


def test_a_lead_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / "lead.json").read_text(encoding="utf-8")
    digest = sha256((folder / "sub-toy" / "model.json").read_bytes())
    (tmp_path / "lead.json").write_text(text.replace(digest, "0" * 64), encoding="utf-8")
    (tmp_path / "sub-toy").symlink_to(folder / "sub-toy")
    assert "is not as it was when the lead was placed" in problem_of(tmp_path, "--out", tmp_path / "a.h5")


class TestMemory:
    def test_is_told_where_the_system_tells_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(memory, "CGROUP", tmp_path)
        monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
        assert memory.free_bytes() is None or memory.free_bytes() > 1 << 20
        (tmp_path / "meminfo").write_text("MemTotal: 4000 kB\nMemAvailable:    2000 kB\n")
        assert memory.free_bytes() == 2_048_000
        for name, text in {"max": "1000000", "current": "300000", "stat": "anon 1\nfile 100000\n"}.items():
            (tmp_path / f"memory.{name}").write_text(text)
        assert memory.free_bytes() == 800_000
        (tmp_path / "memory.max").write_text("max\n")
        assert memory.free_bytes() == 2_048_000

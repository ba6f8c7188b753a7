"""The second process of a first run: who waits for it, and that nothing depends on it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spinemodel.study import compiling as module
from spinemodel.study import kernels
from spinemodel.study.compiling import ONCE, STAGES, TOLD, compiling, field_loops, told_once
from spinemodel.study.kernels import TOYS


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the mark would be."""
    monkeypatch.setattr(module, "mark", lambda: tmp_path / "mark")
    return tmp_path / "mark"


def as_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Let a script stand for the second process."""
    program = tmp_path / "python"
    program.write_text(f"#!{sys.executable}\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(module.sys, "executable", str(program))


def test_what_is_waited_for_is_what_is_compiled() -> None:
    assert tuple(TOYS) == STAGES


def test_where_all_is_compiled_nothing_is_started_or_told(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done.with_name("mark-study-16").touch()
    monkeypatch.setattr(module, "Popen", None)
    told: list[str] = []
    for contacts in (16, 32):
        with compiling(told.append, contacts) as ready:
            ready("field")
    assert not told


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are no programs there")
def test_another_number_of_contacts_is_told(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done.with_name("mark-study-16").touch()
    as_process(monkeypatch, tmp_path, "pass")
    told: list[str] = []
    for contacts in (8, 24):
        with compiling(told.append, contacts) as ready:
            ready("field")
    assert told == [TOLD] * 2


def test_what_was_compiled_is_noted_with_the_number_of_contacts(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "TOYS", {})
    kernels.compile_all(24)
    names = {"mark-study-16-8", "mark-field-16", "mark-field-8", "mark-fibres", "mark-recruitment"}
    assert {path.name for path in done.parent.iterdir()} == names
    told: list[str] = []
    for loops in (field_loops(24), field_loops(32), field_loops(8), ["fibres"], ["recruitment"]):
        with told_once(loops, told.append):
            pass
    assert not told


def test_loops_of_each_number_of_contacts_side_by_side_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    solved: list[int] = []
    monkeypatch.setattr(kernels, "toy_field", solved.append)
    TOYS["field"](40)
    assert solved == [16, 8]


def test_commands_say_once_that_they_compile(done: Path) -> None:
    told: list[str] = []
    with pytest.raises(KeyError), told_once(["field-16"], told.append):
        raise KeyError
    for loops in (["field-16"], ["field-16"], ["fibres"]):
        with told_once(loops, told.append):
            pass
    assert told == [ONCE] * 3, "anew after a failure, and for each stage"


@pytest.mark.parametrize(("contacts", "complex_values"), [(16, True), (24, False), (8, False)])
def test_loops_for_other_numbers_are_told_too(done: Path, contacts: int, complex_values: bool) -> None:
    with told_once(field_loops(16), lambda _: None):
        pass
    told: list[str] = []
    for _ in range(2):
        with told_once(field_loops(contacts, complex_values=complex_values), told.append):
            pass
    assert told == [ONCE]


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are no programs there")
@pytest.mark.parametrize("script", ["raise SystemExit(1)", "print('field'); print('fibres')", "pass"])
def test_a_process_that_fails_or_ends_holds_nobody_up(
    script: str, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_process(monkeypatch, tmp_path, script)
    told: list[str] = []
    with compiling(told.append, 16) as ready:
        for stage in ("model", *STAGES, "report"):
            ready(stage)
    assert told == [TOLD]


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are no programs there")
def test_a_stage_waits_for_its_own_loops_alone(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    script = f"import pathlib, time\ntime.sleep(0.3)\npathlib.Path({str(seen)!r}).touch()\n"
    as_process(monkeypatch, tmp_path, script + "print('field', flush=True)\ntime.sleep(600)")
    with compiling(lambda _line: None, 16) as ready:
        ready("model")
        assert not seen.exists()
        ready("field")
        assert seen.exists()

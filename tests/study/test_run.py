"""Stages are done once, again only where something has changed, and one at a time; a killed run goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.study_file import read_study
from spinemodel.study.hashing import files_in, hash_of_file, hash_of_sources
from spinemodel.study.lock import locked
from spinemodel.study.record import read_record, write_record
from spinemodel.study.run import Watch, run_study
from spinemodel.study.stage import Stage
from spinemodel.study.verify import verify_study
from tests.study import toy

NAMES = [stage.name for stage in toy.STAGES]
ROOT = Path(__file__).parents[2]


def done(path: Path, out: Path, **options: str) -> list[str]:
    """Run the study and return the stages that were not skipped."""
    lines: list[str] = []
    run_study(read_study(path), out, path, watch=Watch(say=lines.append), stages=toy.STAGES, **options)
    return [line.split(":")[0] for line in lines if "unchanged" not in line]


def hashes(out: Path) -> dict[str, str]:
    """Return the hashes of all that stages wrote."""
    return {name: hash_of_file(path) for name, path in files_in(out).items() if name not in ("study.json", ".lock")}


def forget(out: Path, stage: str) -> None:
    """Take a stage out of the record."""
    record = read_record(out)
    assert record is not None
    write_record(replace(record, stages={name: one for name, one in record.stages.items() if name != stage}), out)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return toy.write_study(tmp_path)


def test_what_is_unchanged_is_skipped(study: Path, out: Path) -> None:
    assert done(study, out) == NAMES
    assert float((out / "last" / "deep" / "number.txt").read_text()) == 7 + (7 + 1) * 0.5
    before = hashes(out)
    assert done(study, out) == []
    assert hashes(out) == before
    assert not (out / ".partial").exists()


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"offset": 2.0}, ["second", "third", "last"]),
        ({"spacing": 0.25}, ["third", "last"]),
        ({"marker": "8"}, NAMES),
    ],
)
def test_a_change_reruns_what_depends_on_it(study: Path, out: Path, change: dict, again: list[str]) -> None:
    done(study, out)
    toy.write_study(study.parent, **change)
    assert done(study, out) == again
    assert not verify_study(out, toy.STAGES)


def test_the_same_content_elsewhere_is_no_change(study: Path, out: Path, tmp_path: Path) -> None:
    done(study, out)
    elsewhere = toy.write_study(tmp_path / "elsewhere")
    assert done(elsewhere, out) == []


def test_a_stage_that_comes_out_the_same_ends_the_rerun(study: Path, out: Path) -> None:
    done(study, out)
    toy.write_study(study.parent, marker="7.0")
    assert done(study, out) == ["first"]


@pytest.mark.parametrize("stage", NAMES)
def test_a_killed_run_goes_on_to_the_same_bytes(study: Path, out: Path, tmp_path: Path, stage: str) -> None:
    done(study, tmp_path / "whole")
    command = [sys.executable, "-m", "tests.study.toy", str(study), str(out)]
    killed = subprocess.run(command, cwd=ROOT, env={**os.environ, "KILLED": stage}, capture_output=True, check=False)
    assert killed.returncode == -9
    assert not (out / stage).exists()
    assert done(study, out) == NAMES[NAMES.index(stage) :]
    assert hashes(out) == hashes(tmp_path / "whole")


@pytest.mark.parametrize("stage", NAMES)
def test_a_stage_that_fails_leaves_its_former_result(study, out, monkeypatch, stage: str) -> None:
    done(study, out)
    before = hashes(out)
    (study.parent / "markers" / "one.txt").write_text("9")
    monkeypatch.setenv("FAILS", stage)
    with pytest.raises(RuntimeError, match=stage):
        done(study, out)
    kept = {name: value for name, value in hashes(out).items() if name.startswith(f"{stage}/")}
    assert kept == {name: value for name, value in before.items() if name.startswith(f"{stage}/")}
    monkeypatch.delenv("FAILS")
    assert done(study, out) == NAMES[NAMES.index(stage) :]


def test_a_death_between_folder_and_record_loses_that_stage_alone(study: Path, out: Path, monkeypatch) -> None:
    done(study, out)
    toy.write_study(study.parent, offset=3.0)
    move = Path.replace

    def dies(self: Path, target: Path) -> Path:
        if self.name == "second":
            raise KeyboardInterrupt
        return move(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            done(study, out)
    assert not (out / "second").exists()
    assert "second" not in read_record(out).stages
    assert done(study, out) == ["second", "third", "last"]
    assert not verify_study(out, toy.STAGES)


def test_spoilt_and_missing_results_are_made_again(study: Path, out: Path) -> None:
    done(study, out)
    before = hashes(out)
    (out / "second" / "more.txt").write_text("spoilt")
    (out / "last" / "more.txt").unlink()
    assert done(study, out) == ["second", "last"]
    assert hashes(out) == before


def test_until_and_only(study: Path, out: Path) -> None:
    with pytest.raises(InputError, match="stage third: needs first, which is not done"):
        done(study, out, only="third")
    assert done(study, out, until="second") == ["first", "second"]
    assert done(study, out, only="third") == ["third"]
    forget(out, "second")
    with pytest.raises(InputError, match="stage last: needs second, which is not done or was changed; run that first"):
        done(study, out, only="last")
    done(study, out, until="second")
    toy.write_study(study.parent, offset=9.0)
    with pytest.raises(InputError, match="needs second, whose settings or files have changed"):
        done(study, out, only="third")
    with pytest.raises(InputError, match="stage thrid: there is none; expected one of first, second, third, last"):
        done(study, out, until="thrid")


def test_two_runs_at_once_are_refused(study: Path, out: Path) -> None:
    with locked(out):
        holder = "from spinemodel.study.lock import locked\nfrom pathlib import Path\nimport sys\n"
        code = f"{holder}with locked(Path(sys.argv[1])): pass"
        command = [sys.executable, "-c", code, str(out)]
        other = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert "another run (process" in other.stderr
        assert str(os.getpid()) in other.stderr
    assert done(study, out) == NAMES


def test_verify_names_what_differs_first(study: Path, out: Path) -> None:
    done(study, out)
    assert verify_study(out, toy.STAGES) == ()
    (out / "third" / "more.txt").write_text("tampered")
    (out / "last" / "deep" / "number.txt").unlink()
    found = verify_study(out, toy.STAGES)
    assert [one.stage for one in found] == ["third", "last"]
    assert "has changed since" in found[0].what
    assert "is missing" in found[1].what


def test_verify_sees_changed_inputs_settings_and_stages_that_fell_behind(study: Path, out: Path) -> None:
    done(study, out)
    (study.parent / "markers" / "one.txt").write_text("8")
    (first,) = verify_study(out, toy.STAGES)
    assert first.stage == "first"
    assert "one.txt: was read, and has changed" in first.what
    toy.write_study(study.parent, spacing=0.1)
    assert [(one.stage, one.what) for one in verify_study(out, toy.STAGES)] == [
        ("third", "the study has changed since: spacing")
    ]
    done(study, out, until="third")
    assert [(one.stage, one.what) for one in verify_study(out, toy.STAGES)] == [
        ("last", "was made from another result of third")
    ]


def test_verify_says_that_a_copied_folder_needs_its_study(study: Path, out: Path, tmp_path: Path) -> None:
    done(study, out)
    copied = shutil.copytree(out, tmp_path / "copied" / "out")
    first, *_ = verify_study(copied, toy.STAGES)
    told = f"{copied / '../study.toml'}: states the study, and is missing; copy it there along with the folder"
    assert (first.stage, first.what) == ("study", told)
    shutil.copy(study, copied.parent)
    shutil.copytree(study.parent / "markers", copied.parent / "markers")
    assert verify_study(copied, toy.STAGES) == ()


def test_verify_names_what_is_new(study: Path, out: Path) -> None:
    done(study, out)
    (out / "third" / "own.txt").write_text("new")
    (study.parent / "markers" / "two.txt").write_text("8")
    found = verify_study(out, (reading_all(toy.STAGES[0]), *toy.STAGES[1:]))
    assert [(one.stage, one.what) for one in found] == [
        ("first", f"{out / '../markers/two.txt'}: is new, and was not read"),
        ("third", f"{out / 'third' / 'own.txt'}: is new, and was not written by the stage"),
    ]


def reading_all(stage: Stage) -> Stage:
    """Return a stage that reads all marker files."""
    return replace(stage, files=lambda study: {path.stem: path for path in study.path("markers").iterdir()})


def test_a_package_that_is_not_there_is_none_and_one_that_comes_is_a_change(study: Path, out: Path) -> None:
    stages = (replace(toy.STAGES[0], packages=("no-such-package",)), *toy.STAGES[1:])
    record = run_study(read_study(study), out, study, stages=stages)
    assert record.stages["first"].inputs.packages["no-such-package"] == "none"


def test_another_code_is_a_change(study: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "one.py").write_text("x = 1")
    (package / "one.pyc").write_text("whatever")
    before = hash_of_sources(package)
    (package / "one.pyc").write_text("other")
    assert hash_of_sources(package) == before
    (package / "two.toml").write_text("x = 1")
    assert hash_of_sources(package) != before
    assert done(study, out) == NAMES
    monkeypatch.setattr("spinemodel.study.run_stage.own_version", lambda: "another")
    assert done(study, out) == NAMES


def test_the_record_says_what_was_done(study: Path, out: Path) -> None:
    done(study, out)
    record = read_record(out)
    assert record is not None
    assert record.source == "../study.toml"
    assert record.stages["first"].notes == ("a note",)
    assert record.stages["first"].places == {"one": "../markers/one.txt"}
    assert set(record.stages["first"].outputs) == {"first/deep/number.txt", "first/more.txt"}
    assert set(record.stages["first"].inputs.packages) == {"spinemodel", "numpy"}
    (out / "study.json").write_text("{}")
    with pytest.raises(InputError, match=r"study.json: format: .*; remove it to begin anew"):
        read_record(out)


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no study.json; give a folder that `spinemodel run` wrote"):
        verify_study(tmp_path)

"""Variants of a study: what is unchanged is linked, a killed run goes on where it was, and bands are told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spinemodel.errors import InputError
from spinemodel.io.band_tables import read_bands
from spinemodel.io.recruitment_tables import read_rows
from spinemodel.io.study_file import read_study
from spinemodel.study.hashing import files_in, hash_of_file
from spinemodel.study.record import Record
from spinemodel.study.run import Watch, run_study
from spinemodel.study.variants import variants_of
from spinemodel.study.verify import verify_study
from tests.study import toy_variants as toy

ROOT = Path(__file__).parents[2]

NAMES = ["seed-1", "seed-2", "redrawn-seed-0", "redrawn-seed-1", "preset-nrv", "preset-simnibs"]

OWN = ["model", "field", "recruitment"]

COMPUTED = [*OWN, "seed-1: recruitment", "seed-2: recruitment",
            *(f"redrawn-seed-{i}: {stage}" for i in (0, 1) for stage in OWN),
            *(f"preset-{name}: {stage}" for name in ("nrv", "simnibs") for stage in OWN[1:])]  # fmt: skip
"""What there is to compute, in order."""


class Told:
    """What was computed, and the lines."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.lines: list[str] = []

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        self.steps.append(what)
        yield


def run(path: Path, out: Path) -> tuple[Told, Record]:
    told = Told()
    return told, run_study(read_study(path), out, path, watch=Watch(told.step, told.lines.append), stages=toy.STAGES)


def hashes(out: Path) -> dict[str, str]:
    kept = {name: path for name, path in files_in(out).items() if path.name not in ("study.json", ".lock")}
    return {name: hash_of_file(path) for name, path in kept.items()}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return toy.write(tmp_path)


def test_one_thing_is_changed_in_each(study: Path) -> None:
    asked = read_study(study)
    found = variants_of(asked)
    assert [one.name for one in found] == NAMES
    assert [one.study.fibres.seed for one in found] == [1, 2, 0, 0, 0, 0]
    assert [one.study.subject.redrawn_seed for one in found] == [None, None, 0, 1, None, None]
    assert [one.study.tissues.preset for one in found[-3:]] == ["capogrosso2013", "nrv", "simnibs"]
    assert found[-1].changed == "tissues.preset = simnibs"
    again = found[3].study
    assert [one.study.subject.redrawn_seed for one in variants_of(again)][2:4] == [2, 3]


def test_a_preset_that_is_the_own_one_is_refused(tmp_path: Path) -> None:
    asked = read_study(toy.write(tmp_path, "presets = ['nrv', 'capogrosso2013']"))
    with pytest.raises(InputError, match=r"uncertainty.presets: capogrosso2013 is the study's own; name others"):
        variants_of(asked)


def test_what_is_unchanged_is_linked_and_not_computed(study: Path, out: Path) -> None:
    told, _ = run(study, out)
    assert told.steps == COMPUTED
    assert [line for line in told.lines if line.startswith(("seed", "redrawn", "preset"))] == [
        f"{name}: done" for name in NAMES
    ]
    assert (out / "variants" / "seed-2" / "field" / "number.txt").samefile(out / "field" / "number.txt")
    assert not (out / "variants" / "preset-nrv" / "field" / "number.txt").samefile(out / "field" / "number.txt")
    before = hashes(out)
    told, _ = run(study, out)
    assert told.steps == []
    assert told.lines[-1] == "uncertainty: unchanged"
    assert hashes(out) == before


def test_copies_where_links_fail(study: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links")))
    run(study, out)
    one, other = out / "field" / "number.txt", out / "variants" / "seed-1" / "field" / "number.txt"
    assert one.read_bytes() == other.read_bytes()
    assert not one.samefile(other)


@pytest.mark.parametrize("at", ["redrawn-seed-0/field", "preset-nrv/recruitment"])
def test_a_killed_run_goes_on_at_the_variant_and_stage(study: Path, out: Path, tmp_path: Path, at: str) -> None:
    run(study, tmp_path / "whole")
    command = [sys.executable, "-m", "tests.study.toy_variants", str(study), str(out)]
    killed = subprocess.run(command, cwd=ROOT, env={**os.environ, "KILLED": at}, capture_output=True, check=False)
    assert killed.returncode == -9
    told, _ = run(study, out)
    assert told.steps == COMPUTED[COMPUTED.index(at.replace("/", ": ")) :]
    assert hashes(out) == hashes(tmp_path / "whole")
    assert not verify_study(out, toy.STAGES)


def test_one_more_repetition_leaves_the_others(study: Path, out: Path) -> None:
    run(study, out)
    toy.write(study.parent, "seeds = 3\nannotators = 2\npresets = ['nrv', 'simnibs']")
    told, _ = run(study, out)
    assert told.steps == ["seed-3: recruitment"]


def test_variants_that_are_no_longer_asked_for_are_removed(study: Path, out: Path) -> None:
    run(study, out)
    toy.write(study.parent, "seeds = 1\npresets = ['nrv']")
    (out / "variants" / "mine").mkdir()
    told, _ = run(study, out)
    assert told.steps == []
    assert {path.name for path in (out / "variants").iterdir()} == {"seed-1", "preset-nrv", "mine"}
    assert [line for line in told.lines if "removed" in line] == [
        f"{name}: removed, no longer asked for" for name in sorted({*NAMES} - {"seed-1", "preset-nrv"})
    ]
    toy.write(study.parent, "level = 0.9")
    run(study, out)
    assert {path.name for path in (out / "variants").iterdir()} == {"mine"}


def test_variants_may_be_removed(study: Path, out: Path) -> None:
    run(study, out)
    for path in files_in(out / "variants").values():
        path.unlink()
    assert not verify_study(out, toy.STAGES)
    assert run(study, out)[0].steps == []


def test_verify_reads_the_variants(study: Path, out: Path) -> None:
    run(study, out)
    (out / "variants" / "preset-nrv" / "field" / "more.txt").write_text("tampered")
    (found,) = verify_study(out, toy.STAGES)
    assert found.stage == "uncertainty"
    assert "preset-nrv/field/more.txt: was written, and has changed since" in found.what


def test_a_variant_that_fails_is_named_and_the_others_go_on(study, out, monkeypatch) -> None:
    monkeypatch.setenv("FAILS", "0")
    monkeypatch.setenv("OTHER", "L3_L")
    _, record = run(study, out)
    assert record.stages["uncertainty"].notes == (
        "redrawn-seed-0 is left out of the bands: stage model: roots of annotation 0 cross",
        "preset-simnibs is left out of the bands: it has other roots, classes or montages than the study",
    )
    results = [row["result"] for row in read_rows(out / "uncertainty" / "variants.tsv", "variants")]
    assert [result == "done" for result in results] == [True, True, False, True, True, False]
    repetitions = {band.source: band.repetitions for band in read_bands(out / "uncertainty")}
    assert repetitions == {"seeds of the population": 3, "redrawn annotations": 2, "conductivity presets": 2}


def test_the_bands_are_of_the_variants(study: Path, out: Path) -> None:
    run(study, out)
    bands = {(band.source, band.target): band for band in read_bands(out / "uncertainty")}
    assert len(bands) == 6
    seeds, presets = bands["seeds of the population", "L1_L"], bands["conductivity presets", "L2_L"]
    assert (seeds.level, seeds.montage) == (0.95, "C1:-1")
    assert seeds.currents_mA.tolist() == [[1, 1.01, 1.02]] * 3
    assert presets.currents_mA.tolist() == [[2, 4, 8]] * 3
    assert presets.amplitude_mA.tolist() == [2, 4, 8]
    assert presets.middle.tolist() == [0, 1, 1]


def test_it_is_said_at_which_frequency_conductivities_are_taken(tmp_path: Path, out: Path) -> None:
    _, record = run(toy.write(tmp_path, "presets = ['nrv', 'gabriel1996']"), out)
    (note,) = record.stages["uncertainty"].notes
    assert note.startswith("conductivities of gabriel1996 follow from the frequency")
    assert note.endswith("those at 1000 Hz")


def test_without_variants_there_is_nothing(tmp_path: Path, out: Path) -> None:
    told, record = run(toy.write(tmp_path, "level = 0.9"), out)
    assert told.steps == OWN
    assert record.stages["uncertainty"].outputs == {}
    assert not (out / "variants").exists()

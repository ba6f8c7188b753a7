"""What a report warns of."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from spinemodel.io.study_file import study_of
from spinemodel.study.report_stage import REPORT, values_unread
from spinemodel.study.run_stage import inputs_of
from spinemodel.study.stage import Stage
from tests.io.test_study_file import LEAST


@pytest.mark.parametrize(("count", "warned"), [(9, True), (10, False)])
def test_values_that_nobody_read_and_few_fibres_are_warned_of(count: int, warned: bool) -> None:
    study = study_of(tomllib.loads(f"{LEAST}[fibres]\ncount = {count}"), Path("study.toml"))
    field = SimpleNamespace(about={"conductivities": {"Fat": {"verified": True}, "Skin": {"verified": False}}})
    first, *more = values_unread(study, field)
    assert first.startswith("Conductivities of Skin are choices")
    assert bool(more) == warned
    assert not more or "lowest and the highest fibre" in more[0]


def test_a_report_is_made_where_drawing_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    from spinemodel.study import run_stage

    def missing(package: str) -> str:
        if package in ("matplotlib", "pyvista"):
            raise PackageNotFoundError(package)
        return "1"

    monkeypatch.setattr(run_stage, "version", missing)
    run_stage._version.cache_clear()
    own = Stage("report", (), REPORT.packages, lambda _: {}, REPORT.files, REPORT.work)
    study = study_of(tomllib.loads(LEAST), Path("study.toml"))
    packages = inputs_of(own, study, SimpleNamespace(stages={})).packages
    run_stage._version.cache_clear()
    assert packages["matplotlib"] == packages["pyvista"] == "none"
    assert packages["numpy"] == "1"

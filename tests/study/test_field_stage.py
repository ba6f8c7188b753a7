"""The stage of the field: what does not fit into the memory is refused before it is solved."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from spinemodel.errors import InputError
from spinemodel.io.study_file import study_of
from spinemodel.study import field_stage
from spinemodel.study.field_stage import FIELD
from spinemodel.study.record import Record
from spinemodel.study.stage import Job
from tests.io.test_study_file import LEAST

CASE = SimpleNamespace(asked=SimpleNamespace(spacing_mm=0.4))
"""What is asked of a case before it is solved."""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("", "field.spacing_mm 0.4: needs about"),
        ("[field]\ncertify = true", "field.spacing_mm 0.4 with field.certify: needs about"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_study_s_keys(
    row: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def solved(*_: object) -> None:
        raise AssertionError("is solved")

    monkeypatch.setattr(field_stage, "_case", lambda _: CASE)
    monkeypatch.setattr(field_stage, "solved", solved)
    monkeypatch.setattr("spinemodel.io.field_memory._need", lambda *_: 5_000_000_000)
    monkeypatch.setattr("spinemodel.io.field_memory.free_bytes", lambda: 2_000_000_000)
    study = study_of(tomllib.loads(LEAST + row), Path("study.toml"))
    job = Job(study, tmp_path, tmp_path, Record("study", "study.toml"), lambda _: pytest.fail("a step"))
    with pytest.raises(InputError) as refused:
        FIELD.work(job)
    assert str(refused.value).startswith(said)
    assert str(refused.value).endswith("no spacing would; take a smaller field.region_mm, or fewer contacts")

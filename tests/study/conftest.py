"""Results of toy stages do not depend on the package's sources: they may be edited while tests run."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the package the version that the toys' programs give it."""
    monkeypatch.setattr("spinemodel.study.run_stage.own_version", lambda: "of tests")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return the folder of a study."""
    return tmp_path / "out"

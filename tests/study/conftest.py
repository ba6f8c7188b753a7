"""Results of toy stages do not depend on the package's sources: they may be edited while tests run."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the package the version that the toys' programs give it."""
    monkeypatch.setattr("spinemodel.study.run_stage.own_version", lambda: "of tests")

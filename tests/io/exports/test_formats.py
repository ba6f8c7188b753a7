"""The table of formats."""

import subprocess
import sys
from pathlib import Path

import pytest

import spinemodel.io.exports as room
from spinemodel.errors import BackendUnavailableError, InputError
from spinemodel.io.exports import formats
from spinemodel.io.exports.contents import ExportFormat
from spinemodel.io.exports.formats import FORMATS, Entry, find_format


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_that_is_there_is_found_by_its_name(name: str) -> None:
    if not (Path(room.__path__[0]) / f"{FORMATS[name].module}.py").exists():
        pytest.skip(f"{name} is not written yet")
    form = find_format(name)
    assert isinstance(form, ExportFormat)
    assert form.name == name
    assert form.title
    assert form.how_to_open.strip()


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(InputError, match="--to slicr: no such format; nearest is slicer; expected one of slicer, "):
        find_format("slicr")


def test_a_format_that_is_not_installed_is_told(monkeypatch) -> None:
    monkeypatch.setitem(formats.FORMATS, "stl", Entry("gone", ""))
    with pytest.raises(BackendUnavailableError, match=r"exports\.gone is not in this installation"):
        find_format("stl")


def test_the_table_loads_no_format() -> None:
    script = "import sys, spinemodel.io.exports.formats as f; print(len(f.FORMATS)); print('numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told.split() == [str(len(FORMATS)), "False"]

"""Tables of muscles as TOML: the package's, a user's, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.io.files import sha256
from spinemodel.io.muscles import facts, read_muscles
from spinemodel.levels import LEVELS

GOOD = """
name = "mine"
normalise = "muscle"
[muscles.TA]
title = "tibialis anterior"
weights = { L4 = 3, L5 = 1 }
source = "made up"
verified = false
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_example() -> None:
    table = read_muscles()
    assert table.name == "sharrard1964"
    np.testing.assert_allclose(table.weight.sum(axis=1), 1)
    main = {one.name: LEVELS[int(row.argmax())] for one, row in zip(table.muscles, table.weight, strict=True)}
    assert [main[name] for name in ("TA", "GM", "GL", "GMax")] == ["L4", "S1", "S1", "S1"]
    assert {main[name] for name in ("RF", "VL", "VM")} == {"L3"}
    assert all(one.source and not one.verified for one in table.muscles)


def test_own(tmp_path: Path) -> None:
    table = read_muscles(written(tmp_path, GOOD))
    assert (table.name, table.muscles[0].title) == ("mine", "tibialis anterior")
    np.testing.assert_allclose(table.weight, [[0, 0, 0, 0.75, 0.25, 0, 0]])


def test_facts_tell_the_file_and_its_hash(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert facts(read_muscles(path), path) == {
        "name": "mine", "file": "mine.toml", "sha256": sha256(path.read_bytes()), "verified": False,
        "sources": ["made up"],
    }  # fmt: skip
    assert facts(read_muscles())["file"] == "root_to_muscle.toml"


def test_shares_as_they_are(tmp_path: Path) -> None:
    text = GOOD.replace('"muscle"', '"none"').replace("L4 = 3, L5 = 1", "L4 = 0.5, L5 = 0.2")
    np.testing.assert_allclose(read_muscles(written(tmp_path, text)).weight, [[0, 0, 0, 0.5, 0.2, 0, 0]])


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("normalise", "normalize", r"'normalize' is not known; nearest is normalise"),
        ('"muscle"', '"row"', r"normalise 'row'; expected \"muscle\" or \"none\""),
        ('"muscle"', '"none"', r"at most 1"),
        ("L4 = 3", "l4 = 3", r"muscles\.TA\.weights: 'l4' is not known; nearest is L4"),
        ("L4 = 3", "L4 = -3", r"muscles\.TA\.weights\.L4: got -3, expected a number above 0"),
        ("L4 = 3", "L4 = true", r"got True, expected a number"),
        ("{ L4 = 3, L5 = 1 }", "{}", r"weights: got {}, expected a table such as"),
        ("weights", "weight", r"'weight' is not known; nearest is weights"),
        ("verified = false", "", r"verified: got None, expected true or false"),
        ('"made up"', '""', r"source: got '', expected text"),
        ("[muscles.TA]", "[muscle.TA]", r"'muscle' is not known; nearest is muscles"),
        (GOOD[GOOD.index("[m") :], "[muscles]", r"no muscles; expected tables"),
        (GOOD[GOOD.index("[m") :], "[muscles]\nTA = 3", r"muscles\.TA: got 3, expected a table"),
        ("name =", "name", r"cannot be read as TOML"),
    ],
)
def test_refused_in_one_line(tmp_path: Path, old: str, new: str, match: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InputError, match=match) as refused:
        read_muscles(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


def test_no_file(tmp_path: Path) -> None:
    told = r"none\.toml: cannot be read as TOML \(No such file or directory\); expected tables such as \[muscles\.TA\]"
    with pytest.raises(InputError, match=told):
        read_muscles(tmp_path / "none.toml")

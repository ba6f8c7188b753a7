"""The table of all images: what earlier calls wrote, what is measured again, and what is gone."""

from __future__ import annotations

import pytest

from spinemodel.errors import InputError
from spinemodel.io.anatqc import ImageName, anatqc_paths
from spinemodel.io.anatqc_summary import merge_summary, name_in, read_summary, summary_path

ONE, TWO, THREE = (ImageName(f"sub-0{n}_T2w", f"sub-0{n}", "T2w") for n in (1, 2, 3))


def rows(name: ImageName, value: str) -> list[dict[str, str]]:
    head = {"image": name.stem, "subject": name.subject, "sequence": name.sequence}
    return [{**head, "measure": measure, "mean": value} for measure in ("SNR", "CNR")]


def measured(out, name: ImageName) -> None:
    for path in anatqc_paths(out, name).values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


def test_images_are_replaced_kept_or_gone(tmp_path) -> None:
    for name in (ONE, TWO, THREE):
        measured(tmp_path, name)
    merge_summary(tmp_path, [*rows(THREE, "3"), *rows(ONE, "1")])
    assert merge_summary(tmp_path, rows(TWO, "2")) == [*rows(ONE, "1"), *rows(TWO, "2"), *rows(THREE, "3")]
    next(iter(anatqc_paths(tmp_path, THREE).values())).unlink()
    expected = [*rows(ONE, "4"), *rows(TWO, "2")]
    assert merge_summary(tmp_path, rows(ONE, "4")) == expected
    path = summary_path(tmp_path)
    assert read_summary(path, tuple(expected[0])) == expected
    assert [name_in(row) for row in expected] == [ONE, ONE, TWO, TWO]
    path.write_text(path.read_text() + "one\tcell more\tthan\tthere\tare\tcolumns\n", encoding="utf-8")
    with pytest.raises(InputError, match="not the table that this command writes"):
        merge_summary(tmp_path, rows(ONE, "5"))

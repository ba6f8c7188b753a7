from __future__ import annotations

from spinemodel.agreement.masks import Drawing, MaskAgreement
from spinemodel.io.agreement.masks import mask_rows, mask_summary_rows


def agreement(first: tuple[str, int], second: tuple[str, int], kind: str, dice: float) -> MaskAgreement:
    return MaskAgreement(Drawing(*first), Drawing(*second), kind, dice, dice / (2 - dice), 1.0, 1.0, 0.5, 8.0, 10.0)


def test_who_drew_twice_counts_once_between_raters() -> None:
    found = [
        ("sub-01", "cord", agreement(("a", 1), ("a", 2), "intra", 0.9)),
        ("sub-01", "cord", agreement(("a", 1), ("b", 1), "inter", 0.8)),
        ("sub-01", "cord", agreement(("a", 2), ("b", 1), "inter", 0.2)),
        ("sub-02", "cord", agreement(("a", 2), ("b", 1), "inter", 0.6)),
    ]
    rows = {(row["kind"], row["measure"]): row for row in mask_summary_rows(found)}
    assert rows["inter", "dice"]["mean"] == "0.700"
    assert rows["inter", "dice"]["pairs"] == "2"
    assert rows["intra", "dice"]["mean"] == "0.900"
    assert rows["inter", "absolute_difference_percent"]["mean"] == "22.222"
    assert len(mask_rows(found)) == 4

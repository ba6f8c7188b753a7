"""A model with long roots, lead fields of point sources beside them, and a solver that is quick."""

from __future__ import annotations

import json
from pathlib import Path

from spinemodel.field.lead_field import LeadField
from spinemodel.io.files import describe, sha256
from spinemodel.io.lead_field import write_lead_field
from tests.io.exports.toy_contents import whole_folder
from tests.io.made_fields import point_field

ROOTS = {"L1_L": -4.0, "L1_R": 4.0, "L2_L": -4.0, "L2_R": 4.0}
"""Where the roots run straight down, x mm; those of L1 from z = 60 to 10, those of L2 from 30 to -20."""

BESIDE = {"C1": (-4.0, -3.0, 50.0), "C2": (4.0, -3.0, 50.0), "C3": (-4.0, -3.0, -10.0)}
"""Contacts: 3 mm behind L1_L, L1_R and L2_L, where the other level does not run."""


def model_folder(folder: Path) -> Path:
    """Write a model of four roots, left and right."""
    whole_folder(folder)
    table = folder / "centrelines" / "sub-toy_centrelines.tsv"
    rows = [
        f"{root}\t{i}\t{i}\t{x}\t0\t{(60 if root[:2] == 'L1' else 30) - i}\t0.5\t0"
        for root, x in ROOTS.items()
        for i in range(51)
    ]
    table.write_text("\n".join([table.read_text().splitlines()[0], *rows]) + "\n")
    record = json.loads((folder / "model.json").read_text())
    record["together"] = [describe(folder, table, "RAS")]
    (folder / "model.json").write_text(json.dumps(record))
    return folder


def lead_field(model: Path, path: Path, **about: object) -> Path:
    """Write the lead field of the contacts."""
    write_lead_field(field(model, **about), path)
    return path


def field(model: Path, **about: object) -> LeadField:
    digest = sha256((model / "model.json").read_bytes())
    stated = {"model_sha256": digest, "lead": "toy", "certificate": {"holds": True}}
    return point_field(BESIDE, region=((-12, -12, -30), (12, 12, 70)), domain=((-32, -32, -50), (32, 32, 90)),
                       spacing=1.0, about=stated | about)  # fmt: skip

"""Model folders with a straight dura, for tests that read or write leads."""

from __future__ import annotations

import json
from pathlib import Path

from spinemodel.anatomy.compartments import Partition, Solid, partition
from spinemodel.anatomy.surface import Surface
from spinemodel.io.whole_model import WholeModel, read_model
from tests.leads.phantoms import CORD, RADIUS, straight, tube
from tests.toys import toy_model

SPACE = "sub-toy/scanner"
SHELL = 0.5
CANAL = 13.0


def straight_model(folder: Path, *, tissues: bool = False) -> WholeModel:
    """Write and read a model: dura and cord as tubes, two levels of each kind, and tissues where asked for."""
    axis = straight()
    surfaces = {"Dura": tube(axis, RADIUS, "Dura"), "Cord": tube(axis, CORD, "Cord", sides=40)}
    folder.mkdir(parents=True, exist_ok=True)
    path = toy_model(folder, surfaces, _tissues(surfaces) if tissues else None, SPACE) / "model.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["axis"] = {"points": axis.points.tolist()}
    record["spinal_segments"] = [_span("L1", 50.0, 75.0, "annotated"), _span("L2", 20.0, 50.0, "extrapolated")]
    record["vertebral_levels"] = [_span("T11", 55.0, 90.0, "derived"), _span("T12", 20.0, 50.0, "derived")]
    record["vertebral_levels"][0]["disc_bottom_mm"] = 50.0
    for row in record["structures"]:
        row["origin"] = "annotated"
    record["structures"][0]["extrapolated_below_mm"] = 30.0
    if tissues:
        record["tissues"] = [{"name": name, "origin": origin, "files": []} for name, origin in _ORIGINS.items()]
    path.write_text(json.dumps(record), encoding="utf-8")
    return read_model(folder)


_ORIGINS = {"White": "annotated", "CSF": "annotated", "DuraShell": "derived", "Fat": "derived", "Bulk": "extrapolated"}


def _span(name: str, bottom: float, top: float, origin: str) -> dict[str, object]:
    return {"name": name, "bottom_mm": bottom, "top_mm": top, "origin": origin}


def _tissues(surfaces: dict[str, Surface]) -> Partition:
    """Cord, fluid, a shell, fat and a domain, each a tube shorter than the one round it."""
    axis = straight()
    ends = 10.0 - SHELL, 110.0 + SHELL
    solids = [
        Solid(tube(axis, CORD, "White", (12.0, 108.0), 40), "White"),
        Solid(surfaces["Dura"], "CSF"),
        Solid(tube(axis, RADIUS + SHELL, "DuraShell", ends), "DuraShell"),
        Solid(tube(axis, CANAL, "Fat", (5.0, 115.0), 40), "Fat"),
    ]
    return partition(solids, tube(axis, 30.0, "domain", (2.0, 118.0), 40))

import numpy as np

from spinemodel.anatomy.fibre_paths import FibrePath
from spinemodel.field.boxes import Box
from spinemodel.field.lead_field import LeadField
from spinemodel.recruitment.population import Population
from spinemodel.recruitment.sampled import sampled


def _field() -> LeadField:
    """A potential that grows along z, in cells of 0.4 mm within cells of 1.6 mm."""
    boxes = Box((-10, -10, -10), (21, 21, 21), 0.4), Box((-10, -10, -30), (21, 21, 61), 1.6)
    values = []
    for box in boxes:
        z = box.low[2] + box.spacing_mm * np.arange(box.nodes[2])
        values.append(np.broadcast_to(z, (1, *box.nodes)).astype(np.float32))
    tissue = tuple(np.ones(box.halves, dtype=np.uint8) for box in boxes)
    return LeadField("lab", ("C1",), boxes, tuple(values), tissue, {1: "CSF"}, np.eye(1))


def test_points_are_as_close_as_the_cells_ask_for() -> None:
    z = np.arange(40, -40.01, -0.25)
    path = FibrePath("a", "L3_R", "", "lab", np.stack([0 * z, 0 * z, z], axis=1))
    one = Population("lab", ("a",), ("L3_R",), ("Ia",), ("mrg",), np.array([10.0]), np.zeros(1), np.ones(1), (path,))
    told: list[tuple[int, int]] = []
    found = sampled(_field(), one, lambda done, of: told.append((done, of)))
    assert told == [(len(found.points), len(found.points))]
    steps, middle = -np.diff(found.points[:, 2]), (found.points[1:, 2] + found.points[:-1, 2]) / 2
    np.testing.assert_allclose(steps[np.abs(middle) < 3.9], 0.25)
    np.testing.assert_allclose(steps[np.abs(middle) > 5], 1.0)
    np.testing.assert_array_equal(found.points[[0, -1]], path.points[[0, -1]])
    np.testing.assert_allclose(found.potential[0], found.points[:, 2], atol=1e-4)

"""The engines beside NEURON, which shares nothing with them but the equations."""

from __future__ import annotations

import numpy as np
import pytest

import mrg_in_neuron
from recruitment import NODES, along_mm, beside_source, random_cases
from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.engine import STEP_MS, Engine
from spinemodel.recruitment.engines import engine
from spinemodel.recruitment.geometry import mrg_geometry
from spinemodel.recruitment.propagation import respond
from spinemodel.recruitment.pulse import monophasic
from spinemodel.recruitment.search import find_thresholds

MISSING = mrg_in_neuron.missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "NEURON is here")

CASES = random_cases(4)


@pytest.fixture(scope="module")
def neuron(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    mrg_in_neuron.load(tmp_path_factory.mktemp("mechanism"))
    return mrg_in_neuron.Neuron()


@pytest.mark.parametrize("case", CASES, ids=[case.told for case in CASES])
@pytest.mark.parametrize(("name", "within"), [("direct", 1e-3), ("modal", 3e-3)])
def test_thresholds_are_neuron_s(neuron: Engine, case, name, within) -> None:  # type: ignore[no-untyped-def]
    """At a threshold less ``within`` NEURON's fibre stays silent, and at one more it fires."""
    found = find_thresholds(case.axons, case.pulse, engine(name, device="cpu"), up_to_mA=200, tolerance=within / 20)
    around = found.threshold_mA[0] * np.array([1 - within, 1 + within])
    lanes = respond(neuron, case.axons, np.zeros(2, int), around, case.pulse, STEP_MS)
    assert lanes.active.tolist() == [False, True]


def test_spikes_pass_when_they_do_in_neuron(neuron: Engine) -> None:
    geometry = mrg_geometry([10.0], "table")
    axons = Axons("mrg", geometry, np.array([NODES]), beside_source(along_mm(geometry, 0.3), 2.0), "sealed")
    lane, amplitude, pulse = np.zeros(1, int), np.array([0.6]), monophasic(0.2)
    theirs, ours = (one.run(axons, lane, amplitude, pulse).first_ms[0, 1:-1] for one in (neuron, engine("direct")))
    assert np.isfinite(ours).all()
    assert theirs == pytest.approx(ours, abs=1e-3 * STEP_MS)

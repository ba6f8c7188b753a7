from __future__ import annotations

import numpy as np
import pytest

from spinemodel.errors import InputError
from spinemodel.recruitment.axons import Axons
from spinemodel.recruitment.direct import Direct
from spinemodel.recruitment.engines import _ByModel, engine
from spinemodel.recruitment.modal import Modal
from spinemodel.recruitment.pulse import monophasic
from tests.recruitment.toy_engine import Toy, toy_axons


def test_engines_have_names() -> None:
    assert isinstance(engine("direct"), Direct)
    assert isinstance(engine("modal", device="cpu"), Modal)
    chosen = engine(device="cpu")
    assert isinstance(chosen, _ByModel)
    assert isinstance(chosen.modal, Modal)
    assert isinstance(chosen.direct, Direct)


def test_the_model_chooses() -> None:
    fast, slow = Toy(), Toy()
    chosen = _ByModel(fast, slow)
    mrg = toy_axons(np.zeros((1, 21)))
    sweeney = Axons("sweeney", mrg.geometry, mrg.nodes, np.zeros((1, 21)))
    for axons in (mrg, sweeney):
        chosen.run(axons, np.zeros(1, int), np.ones(1), monophasic(0.2))
    assert (fast.lanes, slow.lanes) == (1, 1)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="got 'fast', expected auto, modal, direct"):
        engine("fast")  # type: ignore[arg-type]

"""What fibres of each model measure."""

from __future__ import annotations

from numpy.typing import ArrayLike

from spinemodel.recruitment.axons import Model
from spinemodel.recruitment.geometry import Geometry, mrg_geometry
from spinemodel.recruitment.sweeney import sweeney_geometry


def sizes_of(model: Model, diameter_um: ArrayLike) -> Geometry:
    """Return the sizes of fibres of a model, by their diameters (n,).

    Raises
    ------
    InputError
        If a diameter is beyond what the model's sizes hold for.

    Examples
    --------
    >>> sizes_of("sweeney", [10.0]).spacing_um, sizes_of("mrg", [10.0]).spacing_um.round()
    (array([1000.]), array([1122.]))
    """
    return sweeney_geometry(diameter_um) if model == "sweeney" else mrg_geometry(diameter_um)

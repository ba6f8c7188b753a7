"""Fibre paths of a model that was read: with the rootlets that it holds, which are drawn anew from what it states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import lru_cache
from typing import Any, Final

from spinemodel.anatomy.fibre_paths import FibrePath, fibre_paths, with_room
from spinemodel.anatomy.proximity import Proximity
from spinemodel.anatomy.rootlets import Fan, RootletLevel, RootletParameters, dorsal_rootlets, ventral_roots
from spinemodel.errors import InputError
from spinemodel.io.whole_model import WholeModel
from spinemodel.levels import CORD, DURA, ROOTS

PER_ROOT: Final = 4
"""Paths per root in an export. A choice: one on the axis, three beside it, through the rootlets round the middle."""


def model_paths(model: WholeModel, count: int = PER_ROOT, seed: int = 0) -> tuple[FibrePath, ...]:
    """Return ``count`` paths for every root of a model, inside its meshes.

    Raises
    ------
    InputError
        If the model has no centrelines, or it does not say how its rootlets were drawn.
    """
    lines = {str(root): model.centrelines[str(root)] for root in ROOTS if str(root) in model.centrelines}
    if not lines:
        raise InputError(f"{model.folder}: has no centrelines, and fibres run along them; build the model again")
    return fibre_paths(lines, fans_of(model), count=count, seed=seed)


@lru_cache(maxsize=1)  # A study asks for its model's at every other stage, and they take seconds.
def fans_of(model: WholeModel) -> tuple[Fan, ...]:
    """Return the roots with their rootlets; none where the model's tissues have no rootlets."""
    parts = model.partition.parts if model.partition else {}
    if not any(name.endswith("_rootlets") for name in parts):
        return ()
    parameters, ventral = _parameters(model)
    walls = Proximity(model.surfaces[CORD.name]), Proximity(model.surfaces[DURA.name])
    lines, axis = model.centrelines, model.levels.axis
    dorsal = dorsal_rootlets(lines, *walls, axis, parameters)
    fans = [*dorsal, *(ventral_roots(lines, dorsal, *walls, axis, parameters) if ventral else ())]
    return tuple(_fitted(fan, parts) for fan in fans)


def _fitted(fan: Fan, parts: Any) -> Fan:
    """Return the fan with the room that its rootlets have in the model's own mesh."""
    own = f"{fan.trunk.name}_rootlets"
    return with_room(fan, Proximity(parts[own if own in parts else fan.trunk.name]))


def _parameters(model: WholeModel) -> tuple[RootletParameters, bool]:
    """Return how a model's rootlets were drawn, and whether it has ventral roots."""
    try:
        stated = dict(model.record["tissue_parameters"])
        told = {part.name: stated["rootlets"][part.name] for part in fields(RootletParameters)}
        levels = {level: RootletLevel(int(n), int(m), float(mm)) for level, (n, m, mm) in told.pop("levels").items()}
        numbers = {name: float(value) for name, value in told.items()}
        return RootletParameters(levels=levels, **numbers), bool(stated["ventral"])
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise InputError(
            f"{model.folder / 'model.json'}: field tissue_parameters does not say how rootlets were drawn "
            f"({type(problem).__name__}: {problem}); build the model again with this version"
        ) from None


def roots_of(paths: Iterable[FibrePath]) -> dict[str, list[FibrePath]]:
    """Return the paths by root, in order."""
    found: dict[str, list[FibrePath]] = {}
    for path in paths:
        found.setdefault(path.root, []).append(path)
    return found

"""What a model must be before anything of it is written: names known, none that collide, no part empty."""

from __future__ import annotations

from spinemodel.anatomy.compartments import check_partition, volumes
from spinemodel.errors import GeometryError, InputError, SpaceMismatchError
from spinemodel.io.conductivities import nearest
from spinemodel.io.exports.contents import Contents
from spinemodel.io.exports.names import require_apart, require_lead_names, require_portable
from spinemodel.levels import STRUCTURES, TISSUES


def require_sound(contents: Contents) -> None:
    """Refuse a model, a lead or conductivities that no format can be written from.

    Raises
    ------
    InputError
        If a structure or tissue is not known, names collide or are no file names, a part is empty, or a preset was
        named that lacks a tissue.
    SpaceMismatchError
        If the lead lies in another model.
    GeometryError
        If tissues and lead together are no partition.
    """
    _require_known(contents)
    _require_own_lead(contents)
    _require_names(contents)
    _require_filled(contents)
    _require_whole(contents)
    if contents.preset is not None:
        _ = contents.conductivities


def _require_known(contents: Contents) -> None:
    """Refuse a structure or tissue that the table of levels does not hold."""
    model = contents.model
    partition = model.partition.labels if model.partition else ()
    stated = [row["name"] for row in model.record.get("tissues", ())]
    for kind, known, names in (("structure", STRUCTURES, model.surfaces), ("tissue", TISSUES, (*stated, *partition))):
        for name in names:
            if name not in known:
                raise InputError(
                    f"{model.folder / 'model.json'}: {kind} {name!r} is not known; nearest is {nearest(name, known)}; "
                    "build the model again with this version"
                )


def _require_names(contents: Contents) -> None:
    """Refuse names of tissues or of the lead's parts that collide, or are no file names."""
    tissues = contents.model.partition.labels if contents.model.partition else ()
    require_portable(tissues)
    require_apart(tissues)
    if contents.lead:
        require_lead_names(contents.lead.parts.labels, str(contents.lead_file or contents.lead.design.name))


def _require_own_lead(contents: Contents) -> None:
    """Refuse a lead that was placed in another model."""
    lead, model = contents.lead, contents.model
    if lead and not {lead.space, lead.parts.space} <= {model.space}:
        raise SpaceMismatchError(
            f"{contents.lead_file or lead.design.name}: the lead lies in {lead.space}, the model {model.folder} in "
            f"{model.space}; place the lead in this model"
        )


def _require_whole(contents: Contents) -> None:
    """Refuse a lead whose walls fall together with the tissues' so that no sound partition comes of both."""
    if contents.lead is None or contents.model.partition is None:
        return
    broken = check_partition(contents.partition, sum(volumes(contents.model.partition).values()))
    if broken:
        raise GeometryError(
            f"{contents.lead_file or contents.lead.design.name}: makes no partition with the tissues of "
            f"{contents.model.folder}: {'; '.join(broken)}; place it with another --gap"
        )


def _names(contents: Contents) -> list[str]:
    """Return the names of what is not a structure: tissues and the lead's parts, each as often as it is there."""
    tissues = contents.model.partition.labels if contents.model.partition else ()
    return [*tissues, *(contents.lead.parts.labels if contents.lead else ())]


def _require_filled(contents: Contents) -> None:
    """Refuse a part without a surface or a volume, also one that the lead takes whole."""
    model = contents.model
    empty = [name for name, surface in model.surfaces.items() if not len(surface.faces)]
    if model.partition:
        size = volumes(contents.partition)
        empty += [name for name in _names(contents) if not size.get(name, 0.0) > 0]
    elif contents.lead:
        empty += [name for name, mm3 in volumes(contents.lead.parts).items() if not mm3 > 0]
    if empty:
        raise InputError(
            f"{model.folder}: {', '.join(empty)} empty; expected parts of some volume; leave them out of the model"
            + (", or place the lead elsewhere" if contents.lead else "")
        )

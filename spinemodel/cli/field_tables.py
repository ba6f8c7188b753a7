"""What is printed of a lead field: its boxes, its impedances and its certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Final

from spinemodel.cli.show import say
from spinemodel.cli.tables import print_rows

if TYPE_CHECKING:
    from spinemodel.field.boxes import Box
    from spinemodel.field.lead_field import LeadField

COMPARED: Final = {
    "potential": "potential", "activating": "activating function", "greatest": "- where it is great",
    "balance": "balance",
}  # fmt: skip
"""What a certificate compares, as it is printed."""


NO_PATCHES: Final = ("no patches along roots: activating functions along fibres there may be near 50 % off; where they "
                     "are needed, solve without --no-patches")  # fmt: skip
"""What is said of a field without patches. So far off they are in a subject's rootlets beside a contact, in cells of
0.4 mm (README, The field)."""


def print_boxes(boxes: Sequence[Box]) -> None:
    """Print the boxes of cells, from the finest."""
    rows = [
        {
            "cell mm": f"{box.spacing_mm:g}",
            "nodes": " x ".join(map(str, box.nodes)),
            "size mm": " x ".join(f"{size:.0f}" for size in box.high - box.low),
            "from (RAS) mm": " ".join(f"{x:.1f}" for x in box.low),
        }
        for box in boxes
    ]
    print_rows("Boxes of cells, one in another", rows)


def print_patches(patches: Sequence[Box]) -> None:
    """Print how many patches there are along roots, and nodes in them, by their cells, from the finest."""
    if not patches:
        say(NO_PATCHES)
        return
    rows = []
    for spacing in sorted({box.spacing_mm for box in patches}):
        alike = [box for box in patches if box.spacing_mm == spacing]
        nodes = sum(prod(box.nodes) for box in alike) / 1e6
        rows.append({"cell mm": f"{spacing:.3g}", "patches": f"{len(alike)}", "million nodes": f"{nodes:.2f}"})
    print_rows("Patches of smaller cells along roots", rows, numbers=("patches", "million nodes"))


def print_impedances(field: LeadField) -> None:
    """Print the impedance of each contact to the ground, and what it shares with the contact that shares most.

    Complex ones, at a frequency, are told by magnitude and phase.
    """
    ohm, rows = field.impedance, []
    for i, name in enumerate(field.contacts):
        row = {"contact": name, "ohm": _impedance(ohm[i, i])}
        others = [j for j in range(len(ohm)) if j != i]
        if others:
            j = max(others, key=lambda other: abs(ohm[i, other]))
            row |= {"nearest": field.contacts[j], "shared ohm": _impedance(ohm[i, j])}
            row["between ohm"] = _impedance(ohm[i, i] + ohm[j, j] - 2 * ohm[i, j])
        rows.append(row)
    title = "Impedance to the ground; shared with, and between, a contact and the one that is nearest by current"
    print_rows(f"{title}{_at_frequency(field)}", rows, numbers=("ohm", "shared ohm", "between ohm"))


def _impedance(ohm: Any) -> str:
    """Return an impedance, ohm, as it is written: of a complex one magnitude and phase.

    Examples
    --------
    >>> _impedance(12.34), _impedance(3 - 4j)
    ('12.3', '5.0 -53.1°')
    """
    from numpy import angle, iscomplexobj

    return f"{abs(ohm):.1f} {angle(ohm, deg=True):.1f}°" if iscomplexobj(ohm) else f"{ohm:.1f}"


def _at_frequency(field: LeadField) -> str:
    """Return what is said of complex impedances; nothing of real ones."""
    from numpy import iscomplexobj

    if not iscomplexobj(field.impedance):
        return ""
    hertz = dict(field.about.get("settings") or {}).get("frequency_hz")
    return f"; magnitude in ohm and phase in degrees{'' if hertz is None else f', at {hertz:g} Hz'}"


def print_certificate(certificate: Mapping[str, Any]) -> None:
    """Print what a certificate says: what was tried, what that changes, and the verdict."""
    finer, larger, limits = (certificate[name] for name in ("finer_cells", "larger_domain", "limits"))
    size = " x ".join(f"{side:.0f}" for side in larger["size_mm"])
    worst = {"activating": f", worst {finer['contact']}"} if "contact" in finer else {}
    rows = [
        {
            "along fibres": words + worst.get(name, ""),
            "A %": f"{100 * finer[name]:.2f}",
            "off by %": f"{100 * certificate['error_of_cells'][name]:.2f}",
            "B %": f"{100 * larger['offset' if name == 'potential' else name]:.2f}",
            "limit %": f"{100 * limits[name]:g}" if name in limits else "",
            "": "over" if name in certificate["broken"] else "within" if name in limits else "",
        }
        for name, words in COMPARED.items()
        if name in finer
    ]
    title = (f"Certificate: what cells of {finer['spacing_mm']:.3g} mm (A), by which the field is off, and a domain of "
             f"{size} mm (B) change along {certificate['fibres']} fibre paths")  # fmt: skip
    print_rows(title, rows, numbers=[column for column in rows[0] if column.endswith("%")])
    balance, most = certificate["balance"], limits["balance"]
    say(f"currents balance to {balance:.1e}, limit {most:.0e}{': over' if 'balance' in certificate['broken'] else ''}")
    say(_verdict(certificate))


def _verdict(certificate: Mapping[str, Any]) -> str:
    """Return whether a certificate holds, in a line.

    Examples
    --------
    >>> _verdict({"holds": True, "broken": []}), _verdict({"holds": False, "broken": ["activating", "balance"]})
    ('certificate: holds', 'certificate: DOES NOT HOLD: activating function, balance; mind it in use')
    """
    if certificate["holds"]:
        return "certificate: holds"
    return f"certificate: DOES NOT HOLD: {', '.join(COMPARED[name] for name in certificate['broken'])}; mind it in use"


def _text(value: Any) -> str:
    """Return a value in a line.

    Examples
    --------
    >>> _text(0.01234567), _text({"a": 1.0, "b": [1, 2]}), _text(True), _text(None)
    ('0.01235', 'a 1, b 1 2', 'yes', 'none')
    """
    if value is None or isinstance(value, bool):
        return "none" if value is None else "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_text(part) for part in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def print_about(field: LeadField) -> None:
    """Print what a field was made from, line by line, but for its boxes, its certificate and its residuals."""
    say(f"space: {field.space} (RAS mm, potentials in mV per mA)")
    say(f"contacts: {', '.join(field.contacts)}")
    said = {"certificate", "contacts", "residuals", "conductivities"}
    for name, value in field.about.items():
        if name not in said:
            say(f"{name.replace('_', ' ')}: {_text(value)}")
    rows = [
        {"material": material, **{name: _text(row.get(name)) for name in ("along", "across", "verified")}}
        for material, row in dict(field.about.get("conductivities", {})).items()
    ]
    if rows:
        print_rows("Conductivities, S/m; their sources stand in the file", rows, numbers=("along", "across"))

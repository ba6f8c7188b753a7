"""A montage in words, for titles and legends: what each contact is."""

from __future__ import annotations

from spinemodel.field.montage import Montage


def with_role(name: str, current: float) -> str:
    """Return a contact with its current and what that makes of it.

    Examples
    --------
    >>> with_role("C7", -1.0), with_role("C9", 0.5)
    ('C7 −1 mA (cathode)', 'C9 +0.5 mA (anode)')
    """
    role = "anode" if current > 0 else "cathode" if current < 0 else "no current"
    return f"{name} {current:+g} mA ({role})".replace("-", "\u2212")


def in_words(montage: Montage) -> str:
    """Return a montage for the title of a picture: what each contact is, and what the ground does.

    Examples
    --------
    >>> in_words(Montage({"C5": -1.0}))
    'C5 −1 mA (cathode); the ground gives 1 mA'
    """
    names = ", ".join(with_role(name, current) for name, current in montage.currents.items())
    rest = montage.sum_mA
    return names if rest == 0 else f"{names}; the ground {'takes' if rest > 0 else 'gives'} {abs(rest):g} mA"


def roles(montage: Montage) -> str:
    """Return what contacts and ground are; with their currents where these differ.

    Examples
    --------
    >>> roles(Montage({"C5": -1.0, "C9": 1.0})), roles(Montage({"C5": -1.0}))
    ('cathode C5; anode C9', 'cathode C5; anode the ground')
    >>> roles(Montage({"C5": -1.0, "C6": 0.0, "C9": 0.5}))
    'cathode C5 −1; anodes C9 +0.5, the ground +0.5'
    """
    cathodes, anodes = (of_sign(montage, sign) for sign in (-1, 1))
    sizes = {round(abs(current), 9) for current in (*cathodes.values(), *anodes.values())}
    words = []
    for role, ends in (("cathode", cathodes), ("anode", anodes)):
        names = [f"{name} {current:+g}".replace("-", "−") if len(sizes) > 1 else name
                 for name, current in ends.items()]  # fmt: skip
        words.append(f"{role}{'s' if len(names) > 1 else ''} {', '.join(names)}")
    return "; ".join(words)


def of_sign(montage: Montage, sign: int) -> dict[str, float]:
    """Return the contacts, and the ground where it takes or gives the rest, whose current has a sign.

    Examples
    --------
    >>> of_sign(Montage({"C5": -1.0, "C9": 0.25}), 1)
    {'C9': 0.25, 'the ground': 0.75}
    """
    ends = {**montage.currents, "the ground": -montage.sum_mA}
    return {name: current for name, current in ends.items() if current * sign > 0}

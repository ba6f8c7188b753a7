"""What ``spinemodel sweep`` seeks: roots, a level, a side or muscles, told from all others of their kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from spinemodel.cli.recruit_options import listed
from spinemodel.errors import InputError
from spinemodel.levels import LEVELS, ROOTS, SIDES

if TYPE_CHECKING:
    from spinemodel.recruitment.curves import Key, RecruitmentCurve
    from spinemodel.recruitment.muscles import RootToMuscle
    from spinemodel.recruitment.recruited import Recruited

Kind: TypeAlias = Literal["root", "level", "side", "muscle"]

KEYS: Final[Mapping[Kind, tuple[Key, ...]]] = {
    "root": ("level", "side"), "level": ("level",), "side": ("side",), "muscle": ("level", "side"),
}  # fmt: skip
"""What curves are told apart by; those of muscles are made of those of roots."""


@dataclass(frozen=True)
class Target:
    """What should be recruited.

    Attributes
    ----------
    kind
        Of the names.
    names
        Such as ``L3_L``; several count as one, and all others are the others.
    muscles
        Their table, where the kind is muscle.
    """

    kind: Kind
    names: tuple[str, ...]
    muscles: RootToMuscle | None

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.kind} {', '.join(self.names)}"

    def curves(self, recruited: Recruited) -> Sequence[RecruitmentCurve]:
        """Return the curve of each name of its kind."""
        from spinemodel.recruitment.curves import curves
        from spinemodel.recruitment.muscles import muscle_curves

        own = curves(recruited, (*KEYS[self.kind], "class"))
        return muscle_curves(own, self.muscles) if self.muscles else own


def target_of(text: str, muscles: RootToMuscle | None) -> Target:
    """Return the target that a text tells.

    Raises
    ------
    InputError
        If the kind is unknown, a name is none of its kind, or muscles are asked for without their table, or the other
        way round.

    Examples
    --------
    >>> str(target_of("L3_L,L4_L", None)), str(target_of("side:L", None))
    ('root L3_L, L4_L', 'side L')
    """
    kind, names = _parted(text)
    if (kind == "muscle") != (muscles is not None):
        raise InputError(f"--target {text}: expected --muscles with muscle:NAME, and with nothing else")
    known = _known(kind, muscles)
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(names) == len(known):
        got = ", ".join(unknown or names) or "no name"
        raise InputError(f"--target {text}: got {got}; expected some but not all of {', '.join(known)}")
    return Target(kind, names, muscles)


def require_among(target: Target, roots: Sequence[str] | None) -> None:
    """Refuse a target of which some name has no root among those that are wanted; None: all are."""
    if roots is None or target.kind == "muscle":
        return
    there = {"root": set(roots), "level": {root[:2] for root in roots}, "side": {root[-1] for root in roots}}
    missing = [name for name in target.names if name not in there[target.kind]]
    if missing:
        raise InputError(f"--target {target}: {', '.join(missing)} is not among --roots {','.join(roots)}")


def _parted(text: str) -> tuple[Kind, tuple[str, ...]]:
    """Return the kind of a target, a root's unless told, and its names."""
    before, _, after = text.rpartition(":")
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    kind = kinds.get(before.strip().lower() or "root")
    if kind is None:
        raise InputError(f"--target {text}: no kind {before!r}; expected a root such as L3_L, or level:L3, side:L, "
                         "muscle:TA_L")  # fmt: skip
    return kind, listed(after)


def _known(kind: Kind, muscles: RootToMuscle | None) -> tuple[str, ...]:
    """Return all names of a kind."""
    names: Mapping[Kind, Sequence[str]] = {
        "root": [str(root) for root in ROOTS],
        "level": LEVELS,
        "side": SIDES,
        "muscle": [f"{one.name}_{side}" for one in (muscles.muscles if muscles else ()) for side in SIDES],
    }
    return tuple(names[kind])

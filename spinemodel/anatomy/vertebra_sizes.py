"""How large vertebrae are, with the source of every number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final

from spinemodel.errors import InputError


@dataclass(frozen=True)
class VertebraSize:
    """Sizes of one vertebra, mm.

    Attributes
    ----------
    height
        Of the body, at its back.
    disc
        Height of the disc below, in its middle; 0 where the next vertebra is fused to it.
    width, depth
        Of the upper endplate.
    canal_width, canal_depth
        Between the pedicles, and from the body to the lamina.
    pedicle_width, pedicle_height
        Of one pedicle.
    transverse
        From the midline to the tip of a transverse process; in the sacrum to the edge of the lateral mass.
    spinous
        Length of the spinous process behind the lamina; 0 for none.
    """

    height: float
    disc: float
    width: float
    depth: float
    canal_width: float
    canal_depth: float
    pedicle_width: float
    pedicle_height: float
    transverse: float
    spinous: float

    def __post_init__(self) -> None:
        """Refuse sizes that are no lengths."""
        for item in fields(self):
            value = getattr(self, item.name)
            if not (value >= 0 if item.name in ("disc", "spinous") else value > 0):
                raise InputError(f"vertebra: {item.name} is {value:g} mm; expected a length above 0")


VERTEBRA_SIZES: Final[Mapping[str, VertebraSize]] = MappingProxyType(
    {
        "T11": VertebraSize(21.3, 4.5, 35.2, 30.0, 19.4, 16.0, 9.8, 14.0, 24.0, 24.0),
        "T12": VertebraSize(23.5, 5.2, 39.2, 31.0, 22.2, 18.1, 8.7, 14.5, 24.0, 24.0),
        "L1": VertebraSize(26.6, 6.6, 41.1, 32.0, 23.7, 19.0, 8.6, 15.0, 35.0, 26.0),
        "L2": VertebraSize(27.0, 7.9, 43.0, 33.0, 23.8, 18.2, 8.6, 15.0, 41.0, 27.0),
        "L3": VertebraSize(26.7, 8.8, 44.8, 34.0, 24.3, 17.5, 10.2, 14.5, 45.0, 27.0),
        "L4": VertebraSize(25.8, 9.3, 47.5, 34.5, 25.4, 18.6, 13.0, 14.0, 43.0, 25.0),
        "L5": VertebraSize(24.1, 8.1, 48.8, 35.5, 27.1, 19.7, 16.1, 12.9, 45.0, 18.0),
        "S1": VertebraSize(30.0, 0.0, 49.0, 31.0, 30.0, 14.0, 20.0, 20.2, 52.0, 0.0),
        "S2": VertebraSize(25.0, 0.0, 38.0, 20.0, 27.0, 11.0, 15.0, 15.0, 42.0, 0.0),
        "S3": VertebraSize(20.0, 0.0, 30.0, 15.0, 20.0, 8.0, 10.0, 12.0, 32.0, 0.0),
    }
)
"""Sizes by vertebra. All dispersions are wide: published means differ by 20 to 70 % of their median.

- height: L1-L5 Bonczar 2024 (Surg. Radiol. Anat. 47:22, meta-analysis of 18 studies, posterior height); T12 the mean of
  men and women of Duman 2026 (Tomography 12:109: 24.8 and 22.2); T11 after Panjabi 1991, unverified: a choice.
  S1-S3: a choice, such that S1 and S2 leave the rest of a sacrum of 107 mm (30 bones) to three smaller vertebrae.
- disc: L1-L5 Shin 2024 (Brain Spine 4:104162, middle, CT, n = 700: 6.61 7.90 8.83 9.31 8.14); T12 the mean of men and
  women of Bach 2019 (World Neurosurg. 124:e106); T11 a choice, a little less.
- width: L1-L5 Bonczar 2024; T11, T12 Panjabi 1991 (Spine 16:888); S1 continues L5 (women: 40.3, Oman Med. J.); S2, S3
  choices.
- depth: L5 CT of 196 people (Int. J. Spine Surg. 2021;15:1072); above, between it and the length of the discs (30.2 at
  L1-2 to 33.1 at L4-5, MRI of 14 people): choices, as are those of the sacrum.
- canal: Panjabi 1991 (T11, T12) and 1992 (Spine 17:299; L1-L5), 12 spines. CT of 1080 people (Griffith 2016, QIMS
  6:671) gives 2 to 4 mm less depth at L1-L4. Sacrum: choices that narrow to the hiatus.
- pedicle: width T11, T12 Panjabi 1991; width and height of L5 as for its depth (n = 196); S1 height Saluja 2018 (JCDR
  12:AC01); the others after Panjabi, unverified: choices.
- transverse: the order L3 > L2, L4, L5 > L1 is that of Li 2003 (200 processes, CT: 19, 15 and 10 mm free length); the
  reach is a choice. The sacrum is 104 mm wide (30 bones).
- spinous: L5 has the smallest (CT of 200 people, J. Bone Joint Surg. Br. 93-B Supp. IV:488); lengths are choices.

The values that name a paper of vertebrae are second-hand, from a published table that transcribes them.
"""


def size_of(name: str, sizes: Mapping[str, VertebraSize] = VERTEBRA_SIZES) -> VertebraSize:
    """Return the sizes of a vertebra, by name.

    A supernumerary one (T13, L6) has those of the last of its region, one above T11 those of T11.

    Examples
    --------
    >>> size_of("L6") == size_of("L5"), size_of("T9") == size_of("T11")
    (True, True)
    """
    if name in sizes:
        return sizes[name]
    of_region = [known for known in sizes if known[0] == name[0]]
    if not of_region:
        names = ", ".join(sizes)
        raise InputError(f"vertebra {name}: no size is known, expected one of {names}; give it in `vertebra_sizes`")
    return sizes[min(of_region, key=lambda known: abs(int(known[1:]) - int(name[1:])))]

"""How large what surrounds the nervous tissue is, with the source of every number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
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

POSITIVE: Final = ("dura_mm", "sleeve_mm", "lamina_mm", "foramen_mm", "bone_edge_mm", "canal_edge_mm", "bulk_edge_mm")


@dataclass(frozen=True)
class SurroundParameters:
    """What surrounds the nervous tissue. Where no source is named, a value is a choice and its reason is given.

    Attributes
    ----------
    dura_mm
        Thickness of the dura: 0.307 (SD 0.122), T1 to S1, 19 cadavers.
    sleeve_mm
        Thickness of the dural sleeve of a root: that of the dura, which it continues.
    sleeve_gap_mm
        Between a root and its sleeve, filled with cerebrospinal fluid; 0 for none. The sleeves' fluid is seen on
        myelograms as far as the ganglion; a film of a few tenths is thinner than any element that would hold it, so the
        default has none, and the sleeve stands for all sheaths of the root.
    sizes
        Of the vertebrae; see :data:`VERTEBRA_SIZES`.
    ventral_mm, lateral_mm, dorsal_mm
        Least epidural space. Dorsally 2.3 and ventrally 1.7 mm in a published model of T8-T10; lower, the dura nearly
        touches the discs, so less is kept in front.
    ventral_share
        Share of the canal's free depth that lies in front of the dura: most epidural fat lies behind it.
    lumbar_point
        How far the canal narrows dorsally from T12 down, as a part of its width: triangular at lumbar levels.
    lamina_mm
        Thickness of the lamina: 5 to 8 mm at most levels, 9.4 at L5 (n = 90, Korean J. Phys. Anthropol. 1996;9:117).
    foramen_mm
        Radius of the fat round a ganglion: half the width of the bony foramen, 9.8 at L1 to 11.2 at L4 (21 dry spines)
        and 8.1 at most in CT (Gkasdaris 2018).
    tunnel_mm
        Fat round a sleeve on its way there, at least.
    overlap_mm
        Depth by which discs reach into the bodies, so that no two faces coincide.
    trunk_mm
        Width and depth of the trunk: waist of men 326 x 238, of women 300 x 213 (ANSUR II, n = 4082 and 1986); the
        mean.
    skin_mm
        Least distance from the axis of the spine to the skin of the back: 45 mm from skin to epidural space (40-50
        read) and half a canal.
    muscle_mm
        Width and depth of the muscles of the back: an ellipse of 60 cm2, which holds both erectores spinae (20 cm2 each
        at L3-4, Fortin) and multifidi (6.5 cm2 each) and 7 cm2 of vertebral arch.
    psoas_cm2
        Section of a psoas at L1 and at L5 (1.9 and 12.1 cm2, sitting women).
    below_mm
        How far the domain goes on below the lowest point of sac and ganglia.
    canal_edge_mm, bone_edge_mm, bulk_edge_mm
        Edges of the triangles of fat; of bone and discs; of muscle and domain (the domain's are twice as long).
    """

    dura_mm: float = 0.3
    sleeve_mm: float = 0.3
    sleeve_gap_mm: float = 0.0
    sizes: Mapping[str, VertebraSize] = field(default_factory=lambda: VERTEBRA_SIZES)
    ventral_mm: float = 0.8
    lateral_mm: float = 1.0
    dorsal_mm: float = 1.75
    ventral_share: float = 0.25
    lumbar_point: float = 0.22
    lamina_mm: float = 6.0
    foramen_mm: float = 4.5
    tunnel_mm: float = 0.8
    overlap_mm: float = 0.5
    trunk_mm: tuple[float, float] = (313.0, 226.0)
    skin_mm: float = 55.0
    muscle_mm: tuple[float, float] = (132.0, 58.0)
    psoas_cm2: tuple[float, float] = (1.9, 12.1)
    below_mm: float = 20.0
    canal_edge_mm: float = 1.0
    bone_edge_mm: float = 2.0
    bulk_edge_mm: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what is no length."""
        for name in POSITIVE:
            if not getattr(self, name) > 0:
                raise InputError(f"surround: {name} is {getattr(self, name):g}; expected a length above 0 mm")
        if self.sleeve_gap_mm < 0:
            raise InputError(f"surround: sleeve_gap_mm is {self.sleeve_gap_mm:g}; expected 0 mm or more")
        if not self.foramen_mm > self.sleeve_gap_mm + self.sleeve_mm + self.tunnel_mm:
            raise InputError(
                f"surround: foramen_mm {self.foramen_mm:g} does not hold a sleeve; expected more than "
                f"{self.sleeve_gap_mm + self.sleeve_mm + self.tunnel_mm:g} mm and the root's radius"
            )


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
        raise InputError(f"vertebra {name}: no size is known, expected one of {', '.join(sizes)}; give it in `sizes`")
    return sizes[min(of_region, key=lambda known: abs(int(known[1:]) - int(name[1:])))]

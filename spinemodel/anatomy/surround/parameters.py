"""How large what surrounds the nervous tissue is, with the source of every number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from spinemodel.errors import InputError

POSITIVE: Final = ("dura_mm", "sleeve_mm", "lamina_mm", "foramen_mm", "bone_edge_mm", "canal_edge_mm", "bulk_edge_mm")


@dataclass(frozen=True)
class SurroundParameters:
    """What surrounds the nervous tissue. Where no source is named, a value is a choice and its reason is given.

    Sizes of vertebrae are set in :class:`~spinemodel.anatomy.model.BuildParameters` alone, since they place the levels.

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

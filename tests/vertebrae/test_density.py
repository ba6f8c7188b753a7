"""Density of a synthetic vertebra whose attenuation is known everywhere, along any lattice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.vertebrae.body import Body, Endplate
from spinemodel.vertebrae.ct import sample
from spinemodel.vertebrae.density import (
    CT,
    Calibration,
    Core,
    Density,
    MeanDensity,
    Refused,
    density,
    mean_density,
    trabecular_core,
)
from spinemodel.vertebrae.mask import Region, VertebralMask
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.labels import LabelVolume

SPACE = "sub-toy/scanner"
SPONGY, CORTEX, UNDER, VESSEL, SOFT, FAT = 140.0, 900.0, 300.0, 20.0, 45.0, -100.0
WIDE, DEEP, HIGH = 22.0, 16.0, 14.0
"""Half the width, depth and height of the body, mm."""

ANGLES = np.linspace(0, 2 * np.pi, 2000)

IMAGES: dict[tuple[str, float], np.ndarray] = {}
"""Those made so far, by lattice and by how much they show in front."""

MIRROR = np.diag([-1.0, 1.0, 1.0])
LATTICES = {
    "1 mm": (np.full(3, 1.0), np.eye(3)),
    "thick slices": (np.array([0.8, 0.8, 3.0]), np.eye(3)),
    "turned": (np.full(3, 1.0), Rotation.from_rotvec([0.3, -0.2, 0.5]).as_matrix()),
    "turned, thick and mirrored": (
        np.array([0.9, 2.5, 0.9]),
        MIRROR @ Rotation.from_rotvec([0.2, 0.4, -0.3]).as_matrix(),
    ),
}
"""Spacings, and the directions of the lattice's axes as columns."""


def in_bone(p: np.ndarray) -> np.ndarray:
    """Body and arch, in the vertebra's own frame (right, anterior, cranial)."""
    inside = ((p[..., 0] / WIDE) ** 2 + (p[..., 1] / DEEP) ** 2 < 1) & (np.abs(p[..., 2]) < HIGH)
    pedicle = (np.abs(np.abs(p[..., 0]) - 13) < 5) & (p[..., 1] > -26) & (p[..., 1] < 0) & (np.abs(p[..., 2] - 6) < 6)
    return inside | pedicle


def attenuation(p: np.ndarray) -> np.ndarray:
    """HU at places of the vertebra's own frame: cortex of 1 mm, denser bone under the endplates, and a vessel."""
    hu = np.where(np.linalg.norm(p[..., :2], axis=-1) < 42, SOFT, FAT)
    hu[in_bone(p)] = CORTEX
    oval = (p[..., 0] / (WIDE - 1)) ** 2 + (p[..., 1] / (DEEP - 1)) ** 2 < 1
    hu[oval & (np.abs(p[..., 2]) < HIGH - 1)] = UNDER
    hu[oval & (np.abs(p[..., 2]) < HIGH - 2.5)] = SPONGY
    hu[oval & (np.abs(p[..., 0]) < 4) & (p[..., 1] < -8) & (np.abs(p[..., 2]) < 3)] = VESSEL
    return hu


class Toy:
    """A vertebra on a lattice, with what is put into its image."""

    def __init__(self, lattice: str = "1 mm", *, front: float = 12.0, name: str = "L2", **region: bool) -> None:
        steps, turn = LATTICES[lattice]
        self.turn = Rotation.from_rotvec([0.1, 0.15, -0.1]).as_matrix()
        """Columns are the vertebra's right, anterior and cranial."""
        self.centre = np.array([12.0, -40.0, 90.0])
        low, high = np.array([-30.0, -32, -19]), np.array([30.0, DEEP + front, 19])
        corners = low + np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * (high - low)
        along = (self.centre + corners @ self.turn.T) @ turn
        affine = np.eye(4)
        affine[:3, :3], affine[:3, 3] = turn * steps, turn @ along.min(axis=0)
        self.grid = Grid(tuple(np.ceil(np.ptp(along, axis=0) / steps).astype(int)), affine, SPACE)
        labels = in_bone(self.own()).astype(np.uint16) * 21
        self.mask = VertebralMask("toy", LabelVolume(self.grid, labels, {}), {21: Region(name, **region)}, "verse")
        if (lattice, front) not in IMAGES:
            IMAGES[lattice, front] = self._seen(steps)
        self.hu = IMAGES[lattice, front].copy()

    def _seen(self, steps: np.ndarray) -> np.ndarray:
        """The mean over each voxel, blurred by 0.6 mm."""
        parts = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 4
        mean = np.mean([attenuation(self.own(part)) for part in parts], axis=0)
        return gaussian_filter(mean, 0.6 / steps, mode="nearest")

    def own(self, shift: np.ndarray | float = 0.0) -> np.ndarray:
        """Places of the voxels, moved by parts of a voxel, in the vertebra's own frame."""
        indices = np.stack(np.meshgrid(*(np.arange(n) for n in self.grid.shape), indexing="ij"), axis=-1) + shift
        return (to_mm(self.grid, indices.reshape(-1, 3)) - self.centre).reshape(indices.shape) @ self.turn

    @property
    def body(self) -> Body:
        up = self.turn[:, 2]
        plates = [Endplate(self.centre + sign * HIGH * up, sign * up, np.zeros((0, 3)), 0.0) for sign in (1, -1)]
        canal = self.centre - 24 * self.turn[:, 1]
        return Body(self.name, SPACE, self.centre, self.turn.T, *plates, canal, 2 * DEEP, DEEP)

    @property
    def name(self) -> str:
        return self.mask.regions[21].name

    def measured(self, *, contrast: bool | None = False, calibration: Calibration | None = None) -> Density | Refused:
        ct = CT(self.grid, self.hu, contrast)
        return density(self.mask, ct, {self.name: self.body}, calibration)[self.name]

    def put(self, place: tuple[float, float, float], radius: float, hu: float, *, along: float = 0.0) -> None:
        """A ball of some attenuation at a place of the vertebra's own frame, or a rod along its axis."""
        away = self.own() - np.array(place)
        away[..., 2] = np.maximum(np.abs(away[..., 2]) - along, 0)
        self.hu[np.linalg.norm(away, axis=-1) < radius] = hu


@pytest.mark.parametrize("lattice", LATTICES)
def test_mean_of_spongy_bone_along_any_lattice(lattice: str) -> None:
    found = Toy(lattice).measured()
    assert isinstance(found, Density)
    assert found.mean_hu == pytest.approx(SPONGY, abs=1.0)
    assert found.sd_hu < 5
    assert found.mm3 == pytest.approx(Toy().measured().mm3, rel=0.08)
    assert (found.bmd_mg_cm3, found.notes) == (None, ())


@pytest.mark.parametrize("lattice", ["1 mm", "turned, thick and mirrored"])
def test_noise_leaves_the_mean(lattice: str) -> None:
    toy = Toy(lattice)
    toy.hu = toy.hu + np.random.default_rng(1).normal(scale=60.0, size=toy.hu.shape)
    found = toy.measured()
    assert abs(found.mean_hu - SPONGY) < 3 * 60 / np.sqrt(found.voxels) + 1
    assert found.sd_hu == pytest.approx(60, rel=0.05)


def test_core_keeps_off_all_that_is_not_spongy() -> None:
    toy = Toy()
    places = trabecular_core(toy.body, toy.mask.volume, 21)
    own = toy.own()[tuple(places.T)]
    assert np.abs(own[:, 2]).max() <= HIGH - 4 + 1e-6
    assert own[:, 1].min() >= -DEEP + 0.2 * 2 * DEEP - 1e-6
    edge = np.stack([WIDE * np.cos(ANGLES), DEEP * np.sin(ANGLES)], axis=-1)
    before = own[own[:, 1] > -6]  # of the pedicles
    assert KDTree(edge).query(before[:, :2])[0].min() > 2.7
    vessels = (own[:, 1] < -DEEP + 2 * DEEP / 3) & (np.abs(own[:, 2]) < HIGH / 3)
    assert not vessels.any()
    with_vessel = toy.hu[tuple(trabecular_core(toy.body, toy.mask.volume, 21, Core(vessel_depth=0.0)).T)]
    assert np.count_nonzero(with_vessel < SPONGY - 60) > 50
    with_cortex = toy.hu[tuple(trabecular_core(toy.body, toy.mask.volume, 21, Core(cortex_mm=0.5)).T)]
    assert with_cortex.mean() > SPONGY + 1


def test_size_of_the_core() -> None:
    """Between the endplates' margins an ellipse less 3 mm and a fifth, and the posterior third of the middle third."""
    own = np.stack(np.meshgrid(*[np.arange(-25, 25, 0.25)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    edge = np.stack([WIDE * np.cos(ANGLES), DEEP * np.sin(ANGLES)], axis=-1)
    inside = ((own / [WIDE, DEEP]) ** 2).sum(axis=1) < 1
    deep = inside & (KDTree(edge).query(own)[0] >= 3) & (own[:, 1] >= -0.6 * DEEP)
    middle = deep & (own[:, 1] >= -DEEP / 3)
    expected = 0.25**2 * (deep.sum() * (2 * (HIGH - 4) - 2 * HIGH / 3) + middle.sum() * 2 * HIGH / 3)
    assert Toy().measured().mm3 == pytest.approx(expected, rel=0.05)


def test_ct_on_another_lattice_of_the_same_space() -> None:
    fine, coarse = Toy(), Toy("turned, thick and mirrored", front=20.0)
    found = density(fine.mask, CT(coarse.grid, coarse.hu, False), {"L2": fine.body})["L2"]
    assert found.mean_hu == pytest.approx(SPONGY, abs=2.0)
    assert found.voxels == fine.measured().voxels
    small = Grid((10, 10, 10), coarse.grid.affine, SPACE)
    reason = density(fine.mask, CT(small, coarse.hu[:10, :10, :10] + np.eye(10) * 500, False), {"L2": fine.body})["L2"]
    assert reason == Refused("its core is not within the CT")
    away = replace(coarse.grid, space="sub-other/scanner")
    with pytest.raises(SpaceMismatchError):
        density(fine.mask, CT(away, coarse.hu, False), {"L2": fine.body})


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.integers(0, 100))
def test_samples_of_a_plane_are_exact_and_none_lies_outside(slope: list[float], seed: int) -> None:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_rotvec([0.3, -0.2, 0.5]).as_matrix() * [0.5, 2.0, 1.0]
    grid = Grid((5, 4, 6), affine, SPACE)
    at = to_mm(grid, np.argwhere(np.ones(grid.shape)).astype(float))
    ct = CT(grid, (at @ slope[:3] + slope[3]).reshape(grid.shape))
    inside = np.random.default_rng(seed).uniform(0, 1, (20, 3)) * [4, 3, 5]
    points = to_mm(grid, inside)
    assert np.allclose(sample(ct, points), points @ slope[:3] + slope[3], atol=1e-9)
    assert np.allclose(sample(ct, at), at @ slope[:3] + slope[3], atol=1e-2)
    assert np.isnan(sample(ct, to_mm(grid, np.array([[-0.1, 0, 0], [4, 3.1, 5], [0, 0, 5.01]])))).all()


def test_calibration_is_the_users_line() -> None:
    line = Calibration(0.85, -3.5, "scanner A, 120 kVp, phantom B, 2019")
    found = Toy().measured(calibration=line)
    assert found.bmd_mg_cm3 == pytest.approx(0.85 * found.mean_hu - 3.5)
    with pytest.raises(InputError, match="slope -1"):
        Calibration(-1.0, 0.0, "x")
    with pytest.raises(InputError, match="intercept nan"):
        Calibration(1.0, float("nan"), "x")
    with pytest.raises(InputError, match="no source"):
        Calibration(1.0, 0.0, " ")


def test_metal_spoils_what_is_near() -> None:
    near, far = Toy(), Toy(front=35.0)
    near.put((13, -22, 6), 3.0, 3071.0)
    assert near.measured().reason.startswith("metal is 0 mm away")
    far.put((0, DEEP + 28, 0), 3.0, 3071.0)
    assert isinstance(far.measured(), Density)
    far.put((0, DEEP + 8, 0), 2.0, 3071.0)
    assert "metal is 7 mm away" in far.measured().reason
    speck = Toy()
    speck.hu.flat[np.flatnonzero(speck.mask.volume.values)[100]] = 3071.0
    assert isinstance(speck.measured(), Density)


def test_cement_and_implausible_cores() -> None:
    toy = Toy()
    toy.put((0, 5, 0), 4.0, 1500.0)
    assert "cement" in toy.measured().reason
    told = "its core has {} HU, expected -120 to {}: contrast medium or sclerosis?"
    cases = ((500, "L2", "450"), (500, "C5", None), (-150, "L2", "450"), (-150, "C5", "inf"), (300, "L2", None))
    for hu, name, high in cases:
        toy = Toy(name=name)
        toy.hu = np.where(toy.mask.volume.values > 0, float(hu), toy.hu)
        toy.hu[0, 0, 0] = 500.0  # some bone
        found = toy.measured()
        assert found == Refused(told.format(hu, high)) if high else isinstance(found, Density)


def test_contrast_medium_that_is_stated_or_shows() -> None:
    toy = Toy(front=45.0)
    assert toy.measured(contrast=True) == Refused("contrast medium was given, which makes bone look denser")
    assert toy.measured(contrast=None).notes == ()
    toy.put((8, DEEP + 15, 0), 10.0, 45.0, along=40)
    assert isinstance(toy.measured(contrast=None), Density)
    toy.put((8, DEEP + 15, 0), 10.0, 220.0, along=40)
    refused = toy.measured(contrast=None)
    assert refused.reason.startswith("contrast medium shows")
    assert "220 HU in front of L2; state that none was given" in refused.reason
    assert isinstance(toy.measured(contrast=False), Density)
    hidden = Toy().measured(contrast=None)
    assert isinstance(hidden, Density)
    assert "contrast medium is not excluded" in hidden.notes[0]


def test_a_calcified_wall_is_no_contrast_medium() -> None:
    toy = Toy(front=45.0)
    toy.put((8, DEEP + 15, 0), 10.0, 700.0, along=40)
    toy.put((8, DEEP + 15, 0), 8.5, 45.0, along=40)
    assert isinstance(toy.measured(contrast=None), Density)


def test_what_is_not_in_hounsfield_units() -> None:
    toy = Toy()
    toy.hu = toy.hu + 1024
    assert "not in Hounsfield units: its values go from 924 to" in toy.measured().reason
    toy.hu = np.clip(Toy().hu, -200, 120)
    assert "cortex has more than 150" in toy.measured().reason


def test_vertebrae_that_are_not_whole() -> None:
    assert Toy(partial=True).measured() == Refused("partly visible")
    toy = Toy()
    ct = CT(toy.grid, toy.hu, False)
    assert density(toy.mask, ct, {})["L2"] == Refused("its body was not found")
    values = np.array(toy.mask.volume.values[:, :, 12:])
    affine = toy.grid.affine.copy()
    affine[:3, 3] = to_mm(toy.grid, np.array([[0.0, 0, 12]]))[0]
    cut = replace(toy.mask, volume=LabelVolume(Grid(values.shape, affine, SPACE), values, {}))
    assert density(cut, ct, {"L2": toy.body})["L2"] == Refused("its body is cut off by the image's border")
    thin = density(toy.mask, ct, {"L2": toy.body}, core=Core(endplate_mm=13.8))["L2"]
    assert "its core is too small" in thin.reason


def test_ct_of_the_wrong_shape() -> None:
    with pytest.raises(InputError, match=r"CT: got float64 \(2, 2, 2\), expected numbers \(3, 3, 3\)"):
        CT(Grid((3, 3, 3), np.eye(4), SPACE), np.zeros((2, 2, 2)))


def measured(hu: float, bmd: float | None = None) -> Density:
    return Density(hu, 30.0, 4000, 12000.0, bmd)


def test_mean_of_t12_to_l3() -> None:
    levels = {"T11": measured(90, 80), "T12": measured(100, 90), "L1": measured(120, 100), "L4": measured(5, 5)}
    found: dict[str, Density | Refused] = levels | {"L2": Refused("metal")}
    assert mean_density(found) == MeanDensity(("T12", "L1"), 110.0, 95.0)
    assert mean_density(found | {"L3": measured(140)}) == MeanDensity(("T12", "L1", "L3"), 120.0, None)
    fractured = mean_density(found, {"L1": 1, "T12": 0})
    assert isinstance(fractured, Refused)
    assert fractured.reason == "mean of T12 to L3: got T12, expected at least 2 measured and sound"
    assert mean_density(found, {"L1": 2}, least=1) == MeanDensity(("T12",), 100.0, 90.0)
    assert "got none" in mean_density({}).reason

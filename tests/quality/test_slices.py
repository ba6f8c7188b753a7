"""Known noise in synthetic images, on any grid, slice by slice."""

from math import sqrt

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import rice

from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.quality.regions import Regions, by_thresholds, region
from spinemodel.quality.slices import Quality, SliceAxis, measure, slice_axis
from spinemodel.quality.summary import by_slice, summarise
from spinemodel.volume.grid import Grid, to_mm
from spinemodel.volume.image import ScalarVolume

CSF, CORD, NOISE = 1000.0, 300.0, 60.0
SHAPE = (240, 240, 4)


def oblique(spacing=(0.4, 0.4, 1.8)) -> np.ndarray:
    """A rotated grid with a flipped axis, far from the origin."""
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", [20, -15, 35], degrees=True).as_matrix()
    affine[:3, :3] = turn * np.array(spacing) * [-1, 1, 1]
    affine[:3, 3] = 30, -200, -450
    return affine


def discs(shape=SHAPE, axis: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Fluid round an off-centre cord in every slice across an axis; the cord has a fifth of the sac."""
    x, y = np.meshgrid(*(np.linspace(-1, 1, shape[n]) for n in range(3) if n != axis), indexing="ij")
    sac, cord = np.hypot(x, y) < 0.9, np.hypot(x - 0.2, y) < 0.9 / sqrt(5)
    stack = [np.repeat(np.expand_dims(mask, axis), shape[axis], axis=axis) for mask in (sac & ~cord, cord)]
    return stack[0], stack[1]


def noisy(grid: Grid, fluid, cord, *, rician: bool = False, seed: int = 3) -> ScalarVolume:
    rng = np.random.default_rng(seed)
    true = np.where(fluid, CSF, np.where(cord, CORD, 0.0))
    values = true + rng.normal(0, NOISE, grid.shape)
    if rician:
        values = np.hypot(values, rng.normal(0, NOISE, grid.shape))
    return ScalarVolume(grid, values.astype(np.float32))


def measured(grid: Grid, *, rician: bool = False, axis: int = 2, **options) -> Quality:
    fluid, cord = discs(grid.shape, axis)
    air = region(~(fluid | cord))
    regions = Regions(grid, region(fluid), region(cord), air)
    return measure(noisy(grid, fluid, cord, rician=rician), regions, **options)


def truth(csf: tuple[float, float], cord: tuple[float, float], air: float, share: float) -> dict[str, float]:
    """Closed forms from mean and SD of the classes; ``share`` of the foreground is cord."""
    mean = (1 - share) * csf[0] + share * cord[0]
    within = (1 - share) * csf[1] ** 2 + share * cord[1] ** 2
    between = share * (1 - share) * (csf[0] - cord[0]) ** 2
    return {
        "SNR": mean / sqrt(within + between),
        "SNR_within": mean / sqrt(within),
        "CNR": (csf[0] - cord[0]) / sqrt(csf[1] ** 2 + cord[1] ** 2),
        "CNR_mriqc": (csf[0] - cord[0]) / sqrt(air**2 + csf[1] ** 2 + cord[1] ** 2),
        "SNR_mriqc_CSF": csf[0] / csf[1],
        "SNR_mriqc_cord": cord[0] / cord[1],
    }


@pytest.mark.parametrize("affine", [np.diag([0.4, 0.4, 1.8, 1.0]), oblique()], ids=["upright", "oblique"])
def test_gaussian_noise_is_recovered_to_one_percent(affine) -> None:
    found = measured(Grid(SHAPE, affine, "here"))
    expected = truth((CSF, NOISE), (CORD, NOISE), NOISE, 0.2)
    for name, spread in summarise(found).items():
        assert spread.mean == pytest.approx(expected[name], rel=0.01), name
        assert spread.whole == pytest.approx(expected[name], rel=0.01), name
        assert (spread.slices, spread.undefined) == (4, "")
        assert spread.least <= spread.mean <= spread.most


def test_rician_noise_is_recovered_to_one_percent() -> None:
    found = summarise(measured(Grid(SHAPE, oblique(), "here"), rician=True))
    classes = [rice(level / NOISE, scale=NOISE) for level in (CSF, CORD, 0.0)]
    (fluid, cord, air) = [(one.mean(), one.std()) for one in classes]
    expected = truth(fluid, cord, air[1], 0.2)
    for name in ("SNR", "SNR_within", "CNR"):
        assert found[name].mean == pytest.approx(expected[name], rel=0.01), name
    assert found["SNR_mriqc_cord"].mean == pytest.approx(classes[1].median() / cord[1], rel=0.01)
    medians = classes[0].median() - classes[1].median()
    noise = sqrt(fluid[1] ** 2 + cord[1] ** 2 + air[1] ** 2)
    assert found["CNR_mriqc"].mean == pytest.approx(medians / noise, rel=0.01)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_lie_across_the_largest_spacing(axis) -> None:
    spacing, shape = np.full(3, 0.5), [240, 240, 240]
    spacing[axis], shape[axis] = 3.0, 2
    found = measured(Grid(tuple(shape), oblique(spacing), "here"), axis=axis)
    assert found.axis == SliceAxis(axis, "largest spacing, 3 mm")
    assert [each.index for each in found.slices] == [0, 1]
    assert summarise(found)["CNR"].mean == pytest.approx(700 / (NOISE * sqrt(2)), rel=0.01)


def test_isotropic_images_are_sliced_across_head_and_foot() -> None:
    turned = np.array([[0, 0, 1.5, 0], [-1.5, 0, 0, 0], [0, -1.5, 0, 0], [0, 0, 0, 1]])
    assert slice_axis(Grid((4, 5, 6), turned, "here")).axis == 1
    assert "3 axes of 1.5 mm" in slice_axis(Grid((4, 5, 6), turned, "here")).reason
    thick = Grid((4, 5, 6), np.diag([2.0, 0.5, 2.001, 1.0]), "here")
    assert slice_axis(thick).axis == 2
    assert slice_axis(thick, "j") == SliceAxis(1, "as asked for")


def test_equals_a_plain_loop() -> None:
    rng = np.random.default_rng(11)
    grid = Grid((9, 11, 7), oblique(), "here")
    values = rng.gamma(2.0, 50.0, grid.shape).astype(np.float32)
    kind = rng.integers(0, 4, grid.shape)
    found = measure(
        ScalarVolume(grid, values), Regions(grid, region(kind == 1), region(kind == 2), region(kind == 3)), least=5
    )
    noise = np.std([values[i] for i in np.ndindex(grid.shape) if kind[i] == 3], dtype=float)
    assert len(found.slices) == 7
    for each in found.slices:
        fluid, cord = [], []
        for i in range(9):
            for j in range(11):
                if kind[i, j, each.index] in (1, 2):
                    (fluid, cord)[kind[i, j, each.index] - 1].append(float(values[i, j, each.index]))
        both = fluid + cord
        known = {
            "SNR": np.mean(both) / np.std(both),
            "SNR_within": np.mean(both)
            / np.sqrt((len(fluid) * np.var(fluid) + len(cord) * np.var(cord)) / len(both)),
            "CNR": abs(np.mean(fluid) - np.mean(cord)) / np.sqrt(np.var(fluid) + np.var(cord)),
            "SNR_mriqc_CSF": np.median(fluid) / np.std(fluid, ddof=1),
            "SNR_mriqc_cord": np.median(cord) / np.std(cord, ddof=1),
            "CNR_mriqc": abs(np.median(fluid) - np.median(cord))
            / np.sqrt(noise**2 + np.var(fluid) + np.var(cord)),
        }
        assert dict(each.measures.values) == pytest.approx(known, rel=1e-6)
        shown = np.argwhere(np.isin(kind[:, :, each.index], (1, 2)))
        middle = np.append(shown.mean(axis=0), each.index)
        assert each.centre_mm == pytest.approx(to_mm(grid, middle[None])[0].tolist())


def test_slices_with_too_little_are_listed() -> None:
    grid = Grid((40, 40, 6), np.diag([1, 1, 4.0, 1]), "here")
    fluid, cord = discs(grid.shape)
    fluid[:, :, 0] = cord[:, :, 0] = False
    cord[:, :, 1] = False
    cord[:, :, 2] &= np.cumsum(cord[:, :, 2]).reshape(40, 40) <= 19
    fluid[:, :, 5] &= np.cumsum(fluid[:, :, 5]).reshape(40, 40) <= 20
    found = measure(noisy(grid, fluid, cord), Regions(grid, region(fluid), region(cord)))
    assert [each.index for each in found.slices] == [3, 4, 5]
    assert [(each.index, each.cord) for each in found.skipped] == [(1, 0), (2, 19)]
    assert found.skipped[0].csf == fluid[:, :, 1].sum()
    assert "fewer than 20" in found.skipped[0].reason
    assert found.empty == 1
    assert found.whole.cord.voxels == cord[:, :, 3:].sum()


def test_weights_count_towards_the_least() -> None:
    grid = Grid((40, 40, 2), np.diag([1, 1, 4.0, 1]), "here")
    fluid, cord = discs(grid.shape)
    shares = cord * np.array([1.0, 0.01], dtype=np.float32)
    found = measure(noisy(grid, fluid, cord), Regions(grid, region(fluid), region(shares)))
    assert [each.index for each in found.slices] == [0]
    assert [each.index for each in found.skipped] == [1]


def test_thresholds_tell_the_classes_apart() -> None:
    grid = Grid(SHAPE, oblique(), "here")
    fluid, cord = discs()
    image = noisy(grid, fluid, cord)
    bright, dark = by_thresholds(image, fluid | cord, 650.0)
    assert np.array_equal(bright, fluid)
    assert np.array_equal(dark, cord)
    bright, dark = by_thresholds(image, fluid | cord, 1000.0, 300.0)
    assert bright.sum() == pytest.approx(fluid.sum() / 2, rel=0.02)
    assert dark.sum() == pytest.approx(cord.sum() / 2, rel=0.02)
    with pytest.raises(InputError, match="overlap"):
        by_thresholds(image, fluid, 300.0, 500.0)


def test_a_constant_image_has_no_ratio() -> None:
    grid = Grid((20, 20, 3), np.diag([1, 1, 2.0, 1]), "here")
    fluid, cord = discs(grid.shape)
    flat = ScalarVolume(grid, np.full(grid.shape, 7, np.int16))
    found = summarise(measure(flat, Regions(grid, region(fluid), region(cord))))
    assert found["CNR"].slices == 0
    assert found["CNR"].undefined == "the image is constant there (SD 0), in 3 of 3 slices"
    assert found["CNR_mriqc"].undefined == "no air was given, in 3 of 3 slices"
    assert np.isnan(by_slice(measure(flat, Regions(grid, region(fluid), region(cord))), "SNR")).all()


def test_what_cannot_be_measured_is_refused() -> None:
    grid = Grid((20, 20, 3), np.diag([1, 1, 2.0, 1]), "here")
    fluid, cord = discs(grid.shape)
    image, none = noisy(grid, fluid, cord), np.zeros(grid.shape, dtype=bool)
    with pytest.raises(InputError, match="no voxel of CSF"):
        measure(image, Regions(grid, region(none), region(cord)))
    with pytest.raises(InputError, match="no voxel of the cord"):
        measure(image, Regions(grid, region(fluid), region(none)))
    with pytest.raises(InputError, match=r"no slice across axis k has 1000 voxels of both"):
        measure(image, Regions(grid, region(fluid), region(cord)), least=1000)
    with pytest.raises(InputError, match="expected 2 or more"):
        measure(image, Regions(grid, region(fluid), region(cord)), least=1)
    with pytest.raises(SpaceMismatchError, match="grids differ"):
        measure(image, Regions(Grid((20, 20, 3), np.diag([1, 1, 2.1, 1]), "here"), region(fluid), region(cord)))
    spoilt = image.values.copy()
    spoilt[10, 3, 1] = np.nan
    with pytest.raises(InputError, match=r"1 of \d+ voxels of CSF hold no number \(first nan at \(10, 3, 1\)\)"):
        measure(ScalarVolume(grid, spoilt), Regions(grid, region(fluid), region(cord)))
    spoilt[10, 3, 1] = 5
    spoilt[0, 0, 0] = np.nan
    assert len(measure(ScalarVolume(grid, spoilt), Regions(grid, region(fluid), region(cord))).slices) == 3


def test_an_axis_without_slices_gives_way_to_one_that_has_some() -> None:
    """A thin cord along k: slices across k hold 9 voxels of it, those across i and j up to 3 x 12."""
    kind = np.zeros((14, 14, 12), np.uint8)
    kind[3:11, 3:11] = 1
    kind[6:9, 6:9] = 2
    grid = Grid(kind.shape, np.diag([1.0, 1.0, 2.0, 1.0]), "here")
    image = ScalarVolume(grid, np.random.default_rng(0).normal(size=kind.shape).astype(np.float32))
    parts = Regions(grid, region(kind == 1), region(kind == 2))
    found = measure(image, parts)
    assert found.axis.axis == 0
    assert found.axis.reason == "most slices of 20 voxels of both classes; none across k (largest spacing, 2 mm)"
    assert [each.index for each in found.slices] == [6, 7, 8]
    assert measure(image, parts, least=9).axis.axis == 2
    with pytest.raises(InputError, match=r"across axis k has 20 .* are 9; try --least 9, or --slices i, which"):
        measure(image, parts, along="k")
    with pytest.raises(InputError, match=r"across axis k has 99 .* the most are 9; try --least 9$"):
        measure(image, parts, least=99)

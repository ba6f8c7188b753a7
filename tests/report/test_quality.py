"""Violins of image quality: what is drawn, where and in which colour."""

import numpy as np
import pytest
from PIL import Image

from spinemodel.errors import InputError
from spinemodel.report.quality import COLOURS, Drawn, render_quality

NAN = np.full(4, np.nan)


def drawn(subject: str, sequence: str, mean: float, count: int = 40) -> Drawn:
    rng = np.random.default_rng(len(subject) + int(mean * 10))
    return Drawn(subject, sequence, {"SNR": rng.normal(mean, 0.2, count), "CNR": rng.normal(mean / 2, 0.1, count)})


def picture(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def coloured(image: np.ndarray, colour: str) -> np.ndarray:
    """Pixels of a violin's colour, 55 % over white, as (row, column)."""
    full = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    return np.argwhere(np.abs(image - (0.55 * full + 0.45 * 255)).max(axis=2) <= 6)


def test_violins_stand_by_subject_in_the_colour_of_their_sequence(tmp_path) -> None:
    images = [drawn("sub-01", "CISS", 4.0), drawn("sub-01", "T2TSE", 2.0), drawn("sub-02", "CISS", 3.0)]
    render_quality(tmp_path / "q.png", images)
    image = picture(tmp_path / "q.png")
    first, second = (coloured(image, colour) for colour in COLOURS[:2])
    assert len(first) > 500
    assert len(second) > 300
    upper = len(image) // 2
    # In the upper panel the greater SNR stands higher, and only one sequence has a second subject.
    assert first[first[:, 0] < upper, 0].min() < second[second[:, 0] < upper, 0].min()
    assert first[:, 1].max() > second[:, 1].max()
    assert first[:, 1].min() < second[:, 1].min()
    assert (second[:, 0] > upper).any()


def test_the_same_numbers_give_the_same_bytes(tmp_path) -> None:
    for name in ("a.png", "b.png"):
        render_quality(tmp_path / name, [drawn("sub-01", "CISS", 4.0)])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_few_or_equal_slices_are_points(tmp_path) -> None:
    few = Drawn("sub-01", "CISS", {"SNR": np.array([3.0, 4.0, np.nan]), "CNR": np.full(9, 2.0)})
    render_quality(tmp_path / "q.png", [few])
    image = picture(tmp_path / "q.png")
    assert len(coloured(image, COLOURS[0])) < 60
    full = [int(COLOURS[0][at : at + 2], 16) for at in (1, 3, 5)]
    panel = image[len(image) // 8 :]
    assert (np.abs(panel - full).max(axis=2) < 3).any()


def test_what_is_not_defined_is_left_out(tmp_path) -> None:
    part = Drawn("sub-02", "CISS", {"SNR": NAN, "CNR": drawn("sub-02", "CISS", 3.0).values["CNR"]})
    render_quality(tmp_path / "q.png", [part])
    image = picture(tmp_path / "q.png")
    assert (coloured(image, COLOURS[0])[:, 0] > len(image) // 2 - 20).all()
    with pytest.raises(InputError, match="nothing to draw"):
        render_quality(tmp_path / "none.png", [Drawn("sub-01", "CISS", {"SNR": NAN, "CNR": NAN})])
    assert not (tmp_path / "none.png").exists()


def test_a_cohort_fits(tmp_path) -> None:
    images = [drawn(f"sub-{n:02}", name, 2 + n / 5) for n in range(1, 15) for name in ("CISS", "T2TSE")]
    render_quality(tmp_path / "q.png", images)
    image = picture(tmp_path / "q.png")
    assert image.shape[1] > 1.5 * image.shape[0]
    for colour in COLOURS[:2]:
        columns = np.unique(coloured(image, colour)[:, 1])
        assert (np.diff(columns) > 5).sum() == 13

"""Statistics of rows of which several are of one subject, such as its levels: intervals are over subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from spinemodel.agreement.bootstrap import Draws, bootstrap
from spinemodel.agreement.estimate import Estimate
from spinemodel.agreement.gradings import Gradings, graded
from spinemodel.agreement.kappa import cohen_kappa, fleiss_kappa
from spinemodel.agreement.krippendorff import krippendorff_alpha
from spinemodel.agreement.reliability import icc
from spinemodel.errors import InputError

PERCENTILE = Draws("percentile", resamples=60, seed=4)

STATISTICS: dict[str, Callable[[Gradings, Draws], Estimate]] = {
    "kappa": lambda found, draws: cohen_kappa(found, "1", "2", draws=draws),
    "weighted kappa": lambda found, draws: cohen_kappa(found, "1", "2", weights="quadratic", draws=draws),
    "fleiss": lambda found, draws: fleiss_kappa(found, draws=draws),
    "alpha": lambda found, draws: krippendorff_alpha(found, "ordinal", draws=draws),
    "icc": lambda found, draws: icc(found, "2,1", draws=draws),
}


def study(seed: int, subjects: int = 9, levels: int = 4) -> Gradings:
    """Grades 1 to 4 by three raters, at levels that resemble each other within a subject, and so do the slips."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(1, 5, (subjects, 1)) + generator.integers(-1, 2, (subjects, levels))
    slip = generator.choice([0, 0, 1, -1], (subjects, 1, 3)) * (generator.random((subjects, levels, 3)) < 0.8)
    values = np.clip(truth[..., None] + slip, 1, 4).reshape(-1, 3)
    return graded(values, groups=[f"sub-{n:02d}" for n in np.repeat(np.arange(subjects), levels)])


@pytest.mark.parametrize("name", STATISTICS)
def test_subjects_are_drawn_with_all_their_rows(name: str) -> None:
    """A loop over draws that puts tables together, row by row."""
    found = study(1)
    by_subject = [found.values[[group == subject for group in found.groups]] for subject in sorted(set(found.groups))]
    draws = np.random.default_rng(PERCENTILE.seed).multinomial(9, np.full(9, 1 / 9), size=PERCENTILE.resamples)
    few = Draws(resamples=40)
    values = []
    for draw in draws:
        rows = [row for times, own in zip(draw, by_subject, strict=True) for row in np.tile(own, (times, 1))]
        values.append(STATISTICS[name](graded(rows), few).value)
    estimate = STATISTICS[name](found, PERCENTILE)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.nanquantile(values, [0.025, 0.975])), abs=1e-9)
    assert estimate.n == 9
    assert estimate.value == pytest.approx(STATISTICS[name](graded(found.values), few).value, abs=1e-12)


@pytest.mark.parametrize("name", STATISTICS)
def test_a_group_of_its_own_for_each_row_changes_nothing(name: str) -> None:
    found = study(2)
    own = replace(found, groups=tuple(f"{n:03d}" for n in range(len(found.values))))
    one, other = STATISTICS[name](own, PERCENTILE), STATISTICS[name](replace(found, groups=()), PERCENTILE)
    if name != "icc":  # whose interval without groups is from F
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)
    assert (one.value, one.n) == (other.value, other.n)


def test_coverage_of_whole_subjects() -> None:
    """The mean over rows is 0 on average; of 95 % intervals, those of rows as if independent hold it far less often."""
    held = np.zeros(2)
    for seed in range(150):
        generator = np.random.default_rng(seed)
        offsets = (generator.normal(0, 1, (12, 1)) + generator.normal(0, 0.5, (12, 5))).ravel()
        groups = [str(n) for n in np.repeat(np.arange(12), 5)]
        for place, own in enumerate((groups, None)):
            mean = bootstrap(
                lambda w, x=offsets: w @ x / w.sum(axis=1), 60, method="m", draws=Draws(resamples=200), groups=own
            )
            held[place] += mean.low <= 0 <= mean.high
    assert held[0] / 150 >= 0.85
    assert held[1] / 150 <= 0.75


def test_missing_gradings_leave_subjects_out() -> None:
    found = study(3)
    values = found.values.copy()
    values[:4] = np.nan  # all of the first subject
    values[5, 2] = np.nan
    fewer = replace(found, values=values)
    assert (fleiss_kappa(fewer).n, fleiss_kappa(fewer).left_out) == (8, 5)
    assert krippendorff_alpha(fewer, "nominal").n == 8
    assert icc(fewer, "3,1").n == 8


def test_one_subject_of_many_rows_has_no_interval() -> None:
    found = study(5, subjects=1, levels=8)
    for statistic in STATISTICS.values():
        estimate = statistic(found, PERCENTILE)
        assert not estimate.bounded
        assert estimate.n == 1


def test_f_distributions_are_for_independent_rows() -> None:
    with pytest.raises(InputError, match="not independent"):
        icc(study(1), "2,1", interval="f")
    assert "bootstrap" in icc(study(1), "2,1").method


def test_groups_fit_the_rows() -> None:
    with pytest.raises(InputError, match="2 groups for 3 rows"):
        graded([[1], [2], [3]], groups=["a", "b"])
    with pytest.raises(InputError, match="1 groups for 2 rows"):
        bootstrap(lambda w: w.sum(axis=1), 2, method="sum", groups=["a"])

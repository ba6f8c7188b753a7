"""Registers of compiled loops: the arithmetic of numpy, number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.core.errors import TypingError

from spinemodel.jit import compiled
from spinemodel.registers import load, numbers, store, zeros

KINDS = (np.float32, np.float64, np.complex64, np.complex128)


@compiled
def _work(one: Any, other: Any, factor: Any, divisor: Any, out: Any, count: Any) -> None:
    """Use every operation once."""
    total = load(one, 1, count) - factor * load(other, 0, count)
    total -= zeros(one, count)
    total += load(other, 1, count) / divisor
    store(out, 1, total + load(one, 0, count))


def _drawn(draw: np.random.Generator, kind: Any, count: int) -> Any:
    """Return numbers of a kind."""
    values = draw.normal(size=count) + (1j * draw.normal(size=count) if np.issubdtype(kind, np.complexfloating) else 0)
    return values.astype(kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 3, 16])
@given(seed=st.integers(0, 1 << 20))
def test_registers_do_what_numpy_does(kind: Any, count: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    one, other, (factor, divisor) = (_drawn(draw, kind, n) for n in (count + 1, count + 1, 2))
    out = np.full(count + 2, kind(7))
    _work(one, other, factor, divisor, out, numbers(count))
    right = one[1:] - factor * other[:-1] + other[1:] / divisor + one[:-1]
    eps = np.finfo(kind).eps
    scale = np.abs(one).max() + np.abs(factor) * np.abs(other).max() + np.abs(other).max() / np.abs(divisor)
    np.testing.assert_allclose(out[1:-1], right, rtol=0, atol=8 * eps * scale)
    assert out[0] == out[-1] == 7  # nothing beside the register is written


def test_real_numbers_keep_every_bit() -> None:
    draw = np.random.default_rng(3)
    one, other = (_drawn(draw, np.float32, 17) for _ in range(2))
    out, factor = np.zeros(18, np.float32), np.float32(1 / 3)
    _work(one, other, factor, factor, out, numbers(16))
    np.testing.assert_array_equal(out[1:-1], (one[1:] - factor * other[:-1]) + other[1:] / factor + one[:-1])


def test_a_real_factor_scales_complex_numbers_and_takes_their_precision() -> None:
    one, other = np.full(3, 1 + 2j, np.complex64), np.full(3, 3 - 1j, np.complex64)
    out = np.zeros(4, np.complex64)
    _work(one, other, 2.0, 0.5, out, numbers(2))
    np.testing.assert_array_equal(out[1:-1], np.full(2, (1 + 2j) - 2 * (3 - 1j) + 2 * (3 - 1j) + (1 + 2j)))


def test_arrays_whose_neighbours_lie_apart_are_refused() -> None:
    whole, out = np.arange(12.0), np.zeros(4)
    for one in (whole[::2], whole.reshape(3, 4), np.arange(12)):
        with pytest.raises(TypingError, match="expected"):
            _work(one, whole, 1.0, 1.0, out, numbers(2))
    with pytest.raises(TypingError, match="one or more"):
        _work(whole, whole, 1.0, 1.0, out, numbers(0))


def test_what_is_read_only_is_not_written_to() -> None:
    out = np.zeros(4)
    out.setflags(write=False)
    with pytest.raises(TypingError, match="can be written"):
        _work(np.arange(12.0), np.arange(12.0), 1.0, 1.0, out, numbers(2))
    np.testing.assert_array_equal(out, 0)


def test_registers_of_unlike_kinds_do_not_mix() -> None:
    one, other = np.zeros(3, np.float32), np.zeros(3)
    with pytest.raises(TypingError):
        _work(one, other, 1.0, 1.0, one, numbers(2))

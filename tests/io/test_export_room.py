"""What fits into a file and into the memory, and the spacing that would."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemodel.errors import InputError
from spinemodel.io import export_room
from spinemodel.io.export_room import (
    AT_LEAST,
    FINEST_MM,
    WORKED_BYTES,
    export_memory,
    require_room,
    spacing_that_fits,
    volume_bytes,
)

sides = st.floats(0.0, 900.0)


@given(st.tuples(sides, sides, sides), st.floats(1, 1e9))
def test_a_spacing_fits_and_hardly_less_does_not(box: tuple[float, float, float], most: float) -> None:
    fits = spacing_that_fits(np.array(box), most)
    assert np.prod(np.floor(np.array(box) / fits) + 1) <= most
    assert fits == FINEST_MM or np.prod(np.floor(np.array(box) / (0.9 * fits)) + 1) > most


def test_bytes_of_numbers_and_of_memory() -> None:
    assert volume_bytes((100,) * 3, 3) == 12_000_000
    assert export_memory((100,) * 3, 3) == 3_000_000 * WORKED_BYTES + AT_LEAST


def test_what_does_not_fit_into_the_memory_is_refused_with_a_spacing_that_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export_room, "free_bytes", lambda: AT_LEAST + 2 * 27_000 * WORKED_BYTES)
    require_room((30,) * 3, 1.0, 2)
    require_room((37,) * 3, 1.0, 1)
    with pytest.raises(InputError) as refused:
        require_room((31,) * 3, 1.0, 2)
    said = r"export: 2 volumes of 31 x 31 x 31 points need about .* GB of memory, and .* GB are free; "
    mend = r"a spacing of 1\.1 mm would fit, perhaps a smaller box, or one contact alone$"
    assert re.match(said + mend, str(refused.value))
    monkeypatch.setattr(export_room, "free_bytes", lambda: AT_LEAST // 2)
    with pytest.raises(InputError, match=r"no spacing would fit, perhaps a smaller box$"):
        require_room((2,) * 3, 1.0, 1)


def test_where_the_memory_is_not_known_a_file_s_limit_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_room, "free_bytes", lambda: None)
    require_room((645,) * 3, 1.0, 1)
    with pytest.raises(InputError, match=r"are 2\.7e\+08 numbers, and one file holds 2\.7e\+08; a spacing of"):
        require_room((646,) * 3, 1.0, 1)

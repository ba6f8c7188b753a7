"""Parts for several threads: nothing is lost, whoever works."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from spinemodel.volume import _threads
from spinemodel.volume._threads import SHARE, shares, side_by_side


@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("parts", [0, 1, 2, 40])
def test_results_come_in_the_order_of_the_parts(monkeypatch: pytest.MonkeyPatch, cores: int, parts: int) -> None:
    with ThreadPoolExecutor(cores) as pool:
        monkeypatch.setattr(_threads, "_pool", lambda: pool)
        monkeypatch.setattr(_threads, "CORES", cores)
        assert side_by_side(lambda n: n * n, range(parts)) == [n * n for n in range(parts)]


def test_several_threads_work_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each part waits for the two others: with fewer threads than parts the barrier would break.
    met = threading.Barrier(3, timeout=20)
    with ThreadPoolExecutor(3) as pool:
        monkeypatch.setattr(_threads, "_pool", lambda: pool)
        monkeypatch.setattr(_threads, "CORES", 3)
        assert sorted(side_by_side(lambda part: met.wait(), range(3))) == [0, 1, 2]


def test_threads_that_are_busy_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(_threads, "_pool", lambda: pool)
        monkeypatch.setattr(_threads, "CORES", 2)
        pool.submit(done.wait, 20)
        assert side_by_side(str, range(4)) == ["0", "1", "2", "3"]
        assert not done.is_set()
        done.set()


def test_parts_may_have_parts_of_their_own() -> None:
    found = side_by_side(lambda n: sum(side_by_side(lambda m: n * m, range(5))), range(9))
    assert found == [10 * n for n in range(9)]


@pytest.mark.parametrize("cores", [1, 4])
def test_the_first_part_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    met = threading.Barrier(min(cores, 2), timeout=20)

    def fails(n: int) -> int:
        if n in (2, 3):
            met.wait()  # With several threads both fail, and 3 may well do so first.
            raise ValueError(f"part {n}")
        return n

    monkeypatch.setattr(_threads, "CORES", cores)
    with ThreadPoolExecutor(4) as pool:
        monkeypatch.setattr(_threads, "_pool", lambda: pool)
        with pytest.raises(ValueError, match="part 2"):
            side_by_side(fails, range(4))


def test_who_stops_the_program_is_heard_before_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    met = threading.Barrier(2, timeout=20)

    def fails(n: int) -> None:
        met.wait()  # Both are at work before either fails.
        raise KeyboardInterrupt if n else ValueError

    monkeypatch.setattr(_threads, "CORES", 2)
    with ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr(_threads, "_pool", lambda: pool)
        with pytest.raises(KeyboardInterrupt):
            side_by_side(fails, range(2))


@pytest.mark.parametrize("items", [0, 1, SHARE, SHARE + 1, 10 * SHARE - 1])
def test_shares_hold_every_item_once(items: int) -> None:
    parts = shares(items)
    assert [n for part in parts for n in (part.start, part.stop)][1:-1] == [p.stop for p in parts[:-1] for _ in (0, 1)]
    sizes = [part.stop - part.start for part in parts]
    assert sum(sizes) == items
    assert max(sizes, default=0) <= SHARE
    assert max(sizes, default=0) - min(sizes, default=0) <= 1

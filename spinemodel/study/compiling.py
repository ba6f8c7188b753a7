"""The first run after an installation: loops are compiled, by a second process while the first makes the model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Final

from spinemodel.field.solver import LANES
from spinemodel.jit import mark
from spinemodel.study.stage import untold

STAGES: Final = ("field", "fibres", "recruitment")
"""Stages whose loops take long to compile."""

TOLD: Final = "compiling loops beside the work, once per installation and number of contacts: up to two minutes"
"""What is said of the second process."""

ONCE: Final = "compiling loops where they are first needed, once per installation and kind of problem: a minute or two"
"""What is said without one."""


def batches_of(contacts: int) -> tuple[int, ...]:
    """Return the numbers of contacts that are solved side by side: the solver's loops are compiled for each.

    Examples
    --------
    >>> batches_of(8), batches_of(32), batches_of(40)
    ((8,), (16,), (16, 8))
    """
    whole, rest = divmod(contacts, LANES)
    return (*((LANES,) if whole else ()), *((rest,) if rest else ()))


def field_loops(contacts: int, *, complex_values: bool = False) -> tuple[str, ...]:
    """Return the names of the solver's loops for a lead with so many contacts, as of :func:`told_once`.

    Examples
    --------
    >>> field_loops(16), field_loops(24, complex_values=True)
    (('field-16',), ('field-16-complex', 'field-8-complex'))
    """
    return tuple(f"field-{count}{'-complex' if complex_values else ''}" for count in batches_of(contacts))


def study_loops(contacts: int) -> tuple[str, ...]:
    """Return the names of the loops of a study of a lead with so many contacts; the first is that of all together.

    Examples
    --------
    >>> study_loops(24)
    ('study-16-8', 'field-16', 'field-8', 'fibres', 'recruitment')
    """
    whole = "-".join(["study", *map(str, batches_of(contacts))])
    return (whole, *field_loops(contacts), *STAGES[1:])


def marks_of(loops: Sequence[str]) -> tuple[Path, ...]:
    """Return the files that are there once these loops have been compiled; none where no code is kept."""
    stem = mark()
    return () if stem is None else tuple(stem.with_name(f"{stem.name}-{name}") for name in loops)


@contextmanager
def told_once(loops: Sequence[str], say: Callable[[str], None]) -> Iterator[None]:
    """Say that loops are compiled in the block, where that was not done before for all of them."""
    marks = marks_of(loops)
    if all(one.exists() for one in marks):
        yield
        return
    say(ONCE)
    yield
    with suppress(OSError):
        for one in marks:
            one.touch()


@contextmanager
def compiling(say: Callable[[str], None], contacts: int) -> Iterator[Callable[[str], None]]:
    """Compile the loops that a study of a lead needs in a second process, where that was not done before.

    Yields what waits until the loops of a stage are compiled. Should the second process fail, it waits no longer, and
    loops are compiled where they are first called. At the end of the block the second process ends.
    """
    if all(one.exists() for one in marks_of(study_loops(contacts)[:1])):
        yield untold
        return
    say(TOLD)
    command = [sys.executable, "-m", "spinemodel.study.kernels", str(contacts)]
    with Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, text=True) as process:
        try:
            yield lambda stage: _wait(process, stage)
        finally:
            process.kill()


def _wait(process: Popen[str], stage: str) -> None:
    """Return when the process has said that a stage's loops are compiled, or has ended."""
    if stage in STAGES and process.stdout:
        for line in process.stdout:
            if line.strip() == stage:
                return

"""The first run after an installation: loops are compiled, by a second process while the first makes the model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
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

ONCE: Final = "compiling loops where they are first needed, once per installation: a minute or two"
"""What is said without one."""


def mark_of(contacts: int) -> Path | None:
    """Return the file that is there once all code for leads with so many contacts has been compiled, as ``mark``."""
    whole = mark()
    return None if whole is None else whole.with_name(f"{whole.name}-{min(contacts, LANES)}")


@contextmanager
def told_once(stage: str, say: Callable[[str], None]) -> Iterator[None]:
    """Say that the loops of a stage are compiled in the block, where that was not done before."""
    whole = mark()
    own = None if whole is None else whole.with_name(f"{whole.name}-{stage}")
    if whole is None or own is None or whole.exists() or own.exists():
        yield
        return
    say(ONCE)
    yield
    with suppress(OSError):
        own.touch()


@contextmanager
def compiling(say: Callable[[str], None], contacts: int) -> Iterator[Callable[[str], None]]:
    """Compile the loops that a study of a lead needs in a second process, where that was not done before.

    Yields what waits until the loops of a stage are compiled. Should the second process fail, it waits no longer, and
    loops are compiled where they are first called. At the end of the block the second process ends.
    """
    done = mark_of(contacts)
    if done is None or done.exists():
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

"""A subject's model built, checked, completed and written: the way from markers to a model folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from spinemodel.anatomy.annotation import Annotation
from spinemodel.anatomy.audit import Audit, audit
from spinemodel.anatomy.build import build
from spinemodel.anatomy.fidelity import Fidelity, marker_errors, summarise
from spinemodel.anatomy.model import Anatomy, BuildParameters
from spinemodel.anatomy.tissues import TissueParameters, Tissues, complete
from spinemodel.arrays import FloatArray
from spinemodel.io.given_vertebrae import GivenVertebrae, record_of
from spinemodel.io.model import write_model
from spinemodel.io.slicer import Frame

Step: TypeAlias = Callable[[str], AbstractContextManager[None]]
"""A block within which something is done, told to whoever waits."""


def unseen(_what: str) -> AbstractContextManager[None]:
    """Tell nobody."""
    return nullcontext()


@dataclass(frozen=True, eq=False)
class Built:
    """A model that was written.

    Attributes
    ----------
    anatomy, checked
        As built, and what its check found.
    errors, fidelity
        Places (n, 3) mm and distances (n,) mm of the markers by structure, and in numbers.
    tissues
        None where none were asked for.
    path
        Its ``model.json``.
    """

    anatomy: Anatomy
    checked: Audit
    errors: Mapping[str, tuple[FloatArray, FloatArray]]
    fidelity: Mapping[str, Fidelity]
    tissues: Tissues | None
    path: Path

    @property
    def failures(self) -> tuple[str, ...]:
        """Promises that the model breaks, one phrase each."""
        return (*self.checked.failures, *(self.tissues.failures if self.tissues else ()))


def build_and_write(
    annotation: Annotation,
    out: Path,
    parameters: BuildParameters,
    *,
    completed: TissueParameters | None = None,
    vertebrae: GivenVertebrae | None = None,
    formats: Sequence[str] = ("stl",),
    frame: Frame = "LPS",
    step: Step = unseen,
) -> Built:
    """Build a model, and its tissues where ``completed`` says which, and write its folder ``out/<subject>``.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    with step(f"Building {annotation.subject}"):
        anatomy = build(annotation, parameters, vertebrae.surfaces if vertebrae else None)
    with step("Checking"):
        checked, errors = audit(anatomy.surfaces), marker_errors(anatomy)
    tissues = None
    if completed:
        with step("Completing the tissues"):
            tissues = complete(anatomy, completed)
    fidelity, more = summarise(errors), {"vertebrae": record_of(vertebrae)} if vertebrae else {}
    with step(f"Writing {out}"):
        path = write_model(anatomy, checked, fidelity, out, tissues=tissues, formats=formats, frame=frame, more=more)
    return Built(anatomy, checked, errors, fidelity, tissues, path)

"""Everything that can go wrong, as one tree.

::

    SpineModelError                  anything a user can mend
    ├── InputError                   a file or a value is not what it should be
    ├── GeometryError                a shape cannot be built, or breaks a promise
    ├── SpaceMismatchError           two things live in different coordinate spaces
    ├── ConvergenceError             an iteration did not reach its tolerance
    └── BackendUnavailableError      an optional part is not installed

A message names the file, the field, what was got, what was expected and how to mend it. The command
line prints it in one line and exits with code 1; any other exception is a bug.
"""

from __future__ import annotations

__all__ = [
    "BackendUnavailableError",
    "ConvergenceError",
    "GeometryError",
    "InputError",
    "SpaceMismatchError",
    "SpineModelError",
]


class SpineModelError(Exception):
    """Root of every error that a user can mend."""


class InputError(SpineModelError, ValueError):
    """A file or a value is not what it should be."""


class GeometryError(SpineModelError, ValueError):
    """A shape cannot be built, or breaks one of its promises."""


class SpaceMismatchError(SpineModelError, ValueError):
    """Two things that live in different coordinate spaces were combined."""


class ConvergenceError(SpineModelError, RuntimeError):
    """An iteration did not reach its tolerance."""


class BackendUnavailableError(SpineModelError, ImportError):
    """An optional part is not installed; the message names the extra that brings it."""

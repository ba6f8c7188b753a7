"""The annotations by rater: one each, or several in a table that names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spinemodel.cli.agree.kinds import RESERVED, Kind
from spinemodel.cli.agree.naming import named
from spinemodel.errors import InputError


def by_rater(paths: Sequence[Path], names: str | None, kind: Kind) -> dict[str, Path]:
    """Return the annotation of each rater; of tables of gradings that name several, once for each of them.

    Raises
    ------
    InputError
        If there is one annotation of one rater, or names do not tell raters from one another.
    """
    from spinemodel.io.grading_tables import raters_in

    several = {path: raters_in(path) for path in paths} if kind == "gradings" else {}
    if not any(several.values()):
        return named(paths, names, RESERVED[kind])
    first = next(path for path, raters in several.items() if raters)
    if names is not None:
        raise InputError(f"--names {names}: {first} names its raters in a column; leave out --names")
    found: dict[str, Path] = {}
    for path, raters in several.items():
        if not raters:
            raise InputError(f"{path}: no column that names several raters, as {first} has; give tables of one form")
        for rater in raters:
            if rater in found or rater in RESERVED[kind]:
                why = f"{found[rater]} has too" if rater in found else "the tables call something else"
                raise InputError(f"{path}: rater {rater}, which {why}; name raters otherwise")
            found[rater] = path
    return found

"""Names that files may be called by: those in a record are checked, those in a .blend file are made so."""

from __future__ import annotations

import re

LONGEST_NAME = 64
"""Letters of a name. A choice: Blender before 5.0 keeps 63, and no name that spinemodel gives has half as many."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?<!\.)")


def is_name(text: str) -> bool:
    """Return whether a text is a name: letters, digits and ``_ . + -``, no dot at its ends, and not too long.

    Examples
    --------
    >>> [is_name(text) for text in ("sub-03", "L2_R", "../x", ".x", "a/b", "a" * 65)]
    [True, True, False, False, False, False]
    """
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def file_stem(text: str) -> str:
    """Return a name as near to a text as can be: whoever has a .blend file can change what its properties say.

    Examples
    --------
    >>> file_stem("sub-03"), file_stem("../../x/y"), file_stem("..")
    ('sub-03', 'x_y', 'model')
    """
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", text).strip("._+-")[:LONGEST_NAME].rstrip(".") or "model"

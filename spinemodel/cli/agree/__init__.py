"""``spinemodel agree``: how far two or more raters agree, and what they make together."""

from __future__ import annotations

from spinemodel.cli.agree.command import agree

__all__ = ["agree"]

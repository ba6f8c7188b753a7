"""The command line: each command reads, calls one library function and writes."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""

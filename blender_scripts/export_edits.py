"""Write the structures that were edited in a .blend file, for spinemodel to check and to take back; without a window.

::

    blender --background --python export_edits.py -- sub-03.blend --out edits
    python export_edits.py sub-03.blend --out edits

"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from spine_model import headless, tags
from spine_model.edits import write_edits


def main(arguments: argparse.Namespace) -> None:
    """Compare with what was imported and write what differs."""
    headless.open_file(str(arguments.blend))
    model = tags.the_model(arguments.subject)
    edits = write_edits(model, arguments.out, arguments.source, overwrite=arguments.overwrite)
    for note in edits.notes:
        print(f"note: {note}")
    if edits.path is None:
        print("nothing is edited; nothing was written")
    else:
        print(f"{edits.path}: {', '.join(edits.names)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="export_edits.py", description=main.__doc__)
    parser.add_argument("blend", type=Path, help=".blend file with an edited model")
    parser.add_argument("--out", type=Path, required=True, help="folder for edits.json and the meshes")
    parser.add_argument("--source", type=Path, help="the imported scene.json or model.json, if it is elsewhere now")
    parser.add_argument("--subject", default="", help="which model of a file that holds several")
    parser.add_argument("--overwrite", action="store_true", help="replace edits that the folder holds")
    headless.run(parser, main)

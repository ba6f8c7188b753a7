"""Pack the extension for Blender: check its manifest and write ``spine_model-VERSION.zip``; needs no Blender.

::

    python blender_scripts/package.py --out dist

The archive is what ``blender --command extension build`` makes: the manifest and the modules, without a folder above.
The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "spine_model"
REQUIRED = (
    *("schema_version", "id", "version", "name", "tagline", "maintainer", "type", "blender_version_min", "license"),
)
"""Fields that Blender asks for: https://developer.blender.org/docs/features/extensions/schema/1.0.0/"""
PERMISSIONS = ("files", "network", "clipboard", "camera", "microphone")
LONGEST_TAGLINE = 64


def faults(manifest: dict[str, object]) -> list[str]:
    """Return what Blender would refuse in a manifest, one phrase each.

    Examples
    --------
    >>> faults({"id": "a b"})[-1]
    'id must be a name of Python'
    """
    found = [f"{name} is missing" for name in REQUIRED if not manifest.get(name)]
    for name, count in (("schema_version", 3), ("version", 3), ("blender_version_min", 3)):
        if name in manifest and not re.fullmatch(r"\d+" + r"\.\d+" * (count - 1), str(manifest[name])):
            found.append(f"{name} must be three numbers")
    tagline = str(manifest.get("tagline", ""))
    if len(tagline) > LONGEST_TAGLINE or tagline.endswith((".", "!", "?", ",", ";")):
        found.append(f"tagline must have {LONGEST_TAGLINE} letters at most and no full stop")
    if manifest.get("type", "add-on") != "add-on":
        found.append("type must be add-on")
    if not all(str(one).startswith("SPDX:") for one in manifest.get("license", ())):
        found.append("license must be SPDX identifiers")
    found += [f"permission {name} is not known" for name in manifest.get("permissions", {}) if name not in PERMISSIONS]
    if not str(manifest.get("id", "x")).isidentifier():
        found.append("id must be a name of Python")
    return found


def build(out: Path) -> Path:
    """Write the archive into a folder and return its path.

    Raises
    ------
    ValueError
        If Blender would refuse the manifest.
    """
    manifest = tomllib.loads((SOURCE / "blender_manifest.toml").read_text(encoding="utf-8"))
    wrong = faults(manifest)
    if wrong:
        raise ValueError(f"{SOURCE / 'blender_manifest.toml'}: {'; '.join(wrong)}")
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{manifest['id']}-{manifest['version']}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted([*SOURCE.glob("*.py"), SOURCE / "blender_manifest.toml"]):
            entry = zipfile.ZipInfo(file.relative_to(SOURCE).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="package.py", description=build.__doc__)
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder for the archive")
    try:
        print(build(parser.parse_args().out))
    except ValueError as problem:
        sys.exit(f"error: {problem}")

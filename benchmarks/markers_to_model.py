"""From marker files to surfaces: spinemodel's time and quality beside an equivalent construction in Blender.

Every program runs in a process of its own, on the same markers, in turn; the models that they wrote are then measured
by the same functions. Blender is left out where no Python with ``bpy`` is found::

    python benchmarks/markers_to_model.py --markers FOLDER --blender-python PATH
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SPINEMODEL_DATA", "../shared/data"))
PEER = HERE.with_name("blender_peer.py")

COMMAND = "from spinemodel.cli import main; main()"

OURS, FINE, COARSE = "spinemodel", "Blender, the baseline's density", "Blender, our density"

COARSE_OPTIONS = ("--cuts", "1", "--root-resolution", "10", "--bevel-resolution", "4")
"""About as many faces as spinemodel makes by default."""


@dataclass(frozen=True)
class Cost:
    """What a piece of work took.

    Attributes
    ----------
    cpu_s
        User and system time of all threads.
    wall_s
        Time on the clock.
    peak_gb
        Largest resident memory of the process; 0 for a part of a process.
    """

    cpu_s: float
    wall_s: float
    peak_gb: float = 0.0


@dataclass(frozen=True)
class Program:
    """One column of the table.

    Attributes
    ----------
    command
        Reads markers and writes a model, given their folder and one to write to.
    call
        Times reading and building alone, where ``command`` does not.
    """

    command: Callable[[Path, Path], list[str]]
    call: Callable[[Path, Path], list[str]] | None = None


def main() -> None:
    """Run every program, measure what they wrote, print the table."""
    options = parse()
    if options.call:
        time_call(options.markers, options.call)
        return
    blender = bpy_version(options.blender_python)
    if blender is None and options.blender_python != sys.executable:
        sys.exit(f"error: --blender-python {options.blender_python}: cannot import bpy; name a Python that can")
    with tempfile.TemporaryDirectory() as work:
        markers = options.markers or default_markers(Path(work))
        programs = {OURS: ours()} | (peers(options.blender_python) if blender else {})
        costs = {name: [] for name in programs}
        for _ in range(options.repeat):
            for name, program in programs.items():
                costs[name].append(take(program, markers, Path(work) / name))
        print(machine(blender), f"\nmarkers: {markers.name}; the least CPU time of {options.repeat} runs\n")
        print(markdown(columns(costs, markers, Path(work))))
    if blender is None:
        print('\nBlender is left out: install it (Python 3.11) with `pip install "spinemodel[blender]"`, or name one.')


def parse() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description="Time markers to surfaces, ours beside Blender.")
    parser.add_argument("--markers", type=Path, help="a subject's marker files, JSON in LPS; default: sub-03")
    parser.add_argument("--blender-python", default=sys.executable, help="Python that has bpy; default: this one")
    parser.add_argument("--repeat", type=int, default=3, help="runs of every program; the least CPU time counts")
    parser.add_argument("--call", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def bpy_version(python: str) -> str | None:
    """Return Blender's version in a Python interpreter, or None where it has none."""
    code = "import bpy; print(bpy.app.version_string)"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.split("\n")[0] if done.returncode == 0 else None


def default_markers(work: Path) -> Path:
    """Return the folder of the real subject, or of a phantom written into ``work``."""
    real = (HERE.parents[1] / DATA / "lumbosacral_sub03/sub-03").resolve()
    if real.is_dir():
        return real
    code = (
        "import sys; from pathlib import Path; from spinemodel.anatomy.phantom import Phantom, annotate; "
        "from spinemodel.io.bids import write_subject; "
        "write_subject(annotate(Phantom(noise_mm=0.1, seed=3)), Path(sys.argv[1]))"
    )
    folder = work / "sub-phantom"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    return folder


def ours() -> Program:
    """Return spinemodel: the whole command without figures, and the library call."""
    return Program(
        lambda markers, out: [sys.executable, "-c", COMMAND, "build", str(markers), "--out", str(out), "--no-figures"],
        lambda markers, out: [sys.executable, str(HERE), "--markers", str(markers), "--call", str(out / "call.json")],
    )


def peers(python: str) -> dict[str, Program]:
    """Return the Blender construction at the baseline's and at our density."""

    def program(*options: str) -> Program:
        return Program(lambda markers, out: [python, str(PEER), str(markers), str(out), *options])

    return {FINE: program(), COARSE: program(*COARSE_OPTIONS)}


def take(program: Program, markers: Path, out: Path) -> tuple[Cost, Cost]:
    """Run a program once; return what its process took, and what reading and building alone took."""
    out.mkdir(exist_ok=True)
    whole = run(program.command(markers, out), out)
    if program.call:
        run(program.call(markers, out), out)
        return whole, Cost(**json.loads((out / "call.json").read_text(encoding="utf-8")))
    return whole, Cost(**json.loads((out / "peer.json").read_text(encoding="utf-8"))["construction"])


def run(command: list[str], out: Path) -> Cost:
    """Run a process to its end; return what it took.

    On Linux a child's peak memory is never less than its parent's when it started, so this module imports nothing
    large before all programs have run.
    """
    start = time.perf_counter()
    with (out / "log.txt").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            sys.exit(f"error: {' '.join(command)}: exit code {process.returncode}\n{log.read()[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit / 1e9)


def time_call(markers: Path, out: Path) -> None:
    """Write what reading and building take once everything is imported."""
    from spinemodel.anatomy.build import build
    from spinemodel.io.bids import read_subject

    cpu, wall = time.process_time(), time.perf_counter()
    build(read_subject(markers))
    out.write_text(json.dumps({"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}))


def columns(costs: Mapping[str, list[tuple[Cost, Cost]]], markers: Path, work: Path) -> dict[str, dict[str, str]]:
    """Return the rows of the table for every program."""
    from measures import measure, read_ours, read_peer
    from spinemodel.anatomy.arrange import arrange
    from spinemodel.io.bids import read_subject

    annotation = arrange(read_subject(markers))
    wholes = {name: least([whole for whole, _ in taken]) for name, taken in costs.items()}
    calls = {name: least([call for _, call in taken]) for name, taken in costs.items()}
    table = {}
    for name in costs:
        model = read_ours(work / name) if name == OURS else read_peer(work / name, annotation.space)
        table[name] = {
            "whole process: CPU time, s": f"{wholes[name].cpu_s:.2f}",
            "whole process: CPU time over ours": f"{wholes[name].cpu_s / wholes[OURS].cpu_s:.2f}",
            "whole process: time on the clock, s": f"{wholes[name].wall_s:.2f}",
            "whole process: peak memory, GB": f"{wholes[name].peak_gb:.2f}",
            "call (read and build): CPU time, s": f"{calls[name].cpu_s:.2f}",
            "call (read and build): CPU time over ours": f"{calls[name].cpu_s / calls[OURS].cpu_s:.2f}",
            **measure(model, annotation),
        }
    return table


def least(costs: list[Cost]) -> Cost:
    """Return the run with the least CPU time, which other programs on the machine disturbed least."""
    return min(costs, key=lambda cost: cost.cpu_s)


def machine(blender: str | None) -> str:
    """Return the machine and the versions in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = [f"{name} {version(name)}" for name in ("spinemodel", "numpy", "scipy", "manifold3d")]
    versions += [f"Blender {blender}"] if blender else []
    cores = f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB"
    return f"{cores}; Python {platform.python_version()}, {', '.join(versions)}"


def markdown(table: Mapping[str, Mapping[str, str]]) -> str:
    """Return columns of rows as a Markdown table, aligned.

    Examples
    --------
    >>> print(markdown({"ours": {"faces": "10"}, "theirs": {"faces": "2000"}}))
    |       | ours | theirs |
    |-------|------|--------|
    | faces | 10   | 2000   |
    """
    labels = list(next(iter(table.values())))
    lines = [["", *table], *([label, *(column[label] for column in table.values())] for label in labels)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    text = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([text[0], rule, *text[1:]])


if __name__ == "__main__":
    main()

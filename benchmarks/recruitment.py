"""The engines beside NEURON: thresholds, and the time that they take.

::

    python benchmarks/recruitment.py neuron                 # 30 random fibres by closed-form potentials, some minutes
    python benchmarks/recruitment.py neuron MODEL FIELD     # and 10 in a solved field
    python benchmarks/recruitment.py speed [MODEL FIELD]    # time of a threshold, and of a population

``MODEL`` comes from ``spinemodel build --tissues``, ``FIELD`` from ``spinemodel solve``. ``neuron`` needs the
extra of that name and a C++ compiler. Kernels are compiled before anything is timed; times are those of the processor,
so that they are of one core however many work, unless it says otherwise.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mrg_in_neuron import Neuron, load, missing
from spinemodel.arrays import FloatArray
from spinemodel.field.along_fibres import on_fibres, potential_along
from spinemodel.field.montage import Montage
from spinemodel.recruitment.axons import Axons, compartments
from spinemodel.recruitment.engine import Engine
from spinemodel.recruitment.engines import engine
from spinemodel.recruitment.geometry import PERIOD, TABLE, Geometry, centres_um, mrg_geometry
from spinemodel.recruitment.pulse import Pulse, biphasic, monophasic
from spinemodel.recruitment.search import find_thresholds
from spinemodel.recruitment.stretches import axons_of, stretches
from spinemodel.recruitment.thresholds import Outcome

NODES = 41
UP_TO_MA = 200.0
FLUID_S_PER_M, FAT_S_PER_M = 1.7, 0.04
TOLERANCE = 1e-4
"""Of brackets that are compared; where time is what counts it is the package's own."""

PULSE = monophasic(0.2)


@dataclass(frozen=True, eq=False)
class Case:
    """One fibre."""

    told: str
    axons: Axons
    pulse: Pulse


def random_cases(count: int, seed: int = 1) -> list[Case]:
    """Fibres of 5.7 to 16 um, of the table and interpolated, 0.5 to 10 mm from a source, with all sorts of pulses."""
    rng = np.random.default_rng(seed)
    return [_random_case(rng, i) for i in range(count)]


def _random_case(rng: np.random.Generator, i: int) -> Case:
    thick = [diameter for diameter in TABLE if diameter >= 5.7]
    geometry = mrg_geometry(rng.choice(thick), "table") if i % 2 else mrg_geometry(rng.uniform(5.7, 16.0))
    distance, shift = float(np.exp(rng.uniform(np.log(0.5), np.log(10.0)))), float(rng.uniform(-0.5, 0.5))
    potential = [beside_source, beside_fat][i // 2 % 2](along_mm(geometry, shift), distance)
    told = f"{geometry.diameter_um[0]:5.2f} um, {distance:5.2f} mm, {'a pair before fat' if i // 2 % 2 else 'a source'}"
    return Case(told, Axons("mrg", geometry, np.array([NODES]), potential, "sealed"), random_pulse(rng))


def random_pulse(rng: np.random.Generator) -> Pulse:
    """A pulse of 0.05 to 1 ms: of one phase, or of two with a gap and a lower second one."""
    width = round(float(np.exp(rng.uniform(np.log(0.05), 0.0))), 3)
    if rng.random() < 0.5:
        return monophasic(width)
    return biphasic(width, gap_ms=float(rng.choice([0.0, 0.05, 0.1])), recovery=float(rng.choice([1.0, 0.5, 0.25])))


def along_mm(geometry: Geometry, shift: float | FloatArray) -> FloatArray:
    """Places of the compartments, (n, compartments), 0 at the middle node shifted by part of an internode."""
    k = np.arange(compartments("mrg", np.array([NODES]))[0])
    at = centres_um(geometry)[:, k % PERIOD] + k // PERIOD * geometry.spacing_um[:, None]
    return (at - (NODES // 2 + np.atleast_1d(shift)[:, None]) * geometry.spacing_um[:, None]) / 1000


def beside_source(x: FloatArray, distance: float | FloatArray, s_per_m: float = 1 / 3) -> FloatArray:
    """mV of a cathode of 1 mA at a distance, in one tissue (300 Ohm cm)."""
    return -1000 / (4 * np.pi * s_per_m * np.hypot(x, np.reshape(distance, (-1, 1))))


def beside_fat(x: FloatArray, distance: float) -> FloatArray:
    """mV of a cathode and an anode 8 mm on, in fluid, with fat 0.3 mm behind them: its image adds to each."""
    mirrored = (FLUID_S_PER_M - FAT_S_PER_M) / (FLUID_S_PER_M + FAT_S_PER_M)

    def one(at: FloatArray) -> FloatArray:
        own, image = (beside_source(at, away, FLUID_S_PER_M) for away in (distance, distance + 0.6))
        return own + mirrored * image

    return one(x) - one(x - 8.0)


def solved_cases(model: Path, field: Path, count: int, seed: int = 2) -> list[Case]:
    """Fibres of a model in its own field, each by a random contact."""
    from spinemodel.io.exports.fibres import model_paths
    from spinemodel.io.lead_field import read_lead_field
    from spinemodel.io.whole_model import read_model

    rng, fields, cases = np.random.default_rng(seed), read_lead_field(field), list[Case]()
    paths = model_paths(read_model(model))
    while len(cases) < count:
        path, geometry = paths[rng.integers(len(paths))], mrg_geometry(rng.uniform(5.7, 16.0))
        contact = int(rng.integers(len(fields.contacts)))
        at = along_mm(geometry, 0.0)[0]
        at = at - at[0] + rng.uniform(0, geometry.spacing_um[0] / 1000)
        nodes = 1 + (int((at < path.arc_mm[-1]).sum()) - 1) // PERIOD
        at = at[: compartments("mrg", np.array([nodes]))[0]]
        potential = -potential_along(fields, path, at, missing="nan")[contact]
        if nodes >= 21 and np.isfinite(potential).all():
            axons = Axons("mrg", geometry, np.array([nodes]), potential[None], "sealed")
            told = f"{geometry.diameter_um[0]:5.2f} um, {path.name} by {fields.contacts[contact]}"
            cases.append(Case(told, axons, random_pulse(rng)))
    return cases


def neuron(model: Path | None, field: Path | None) -> None:
    """Thresholds by each engine beside NEURON's."""
    load(Path(tempfile.mkdtemp()))
    cases = random_cases(30 if model else 40) + (solved_cases(model, field, 10) if model and field else [])
    engines = {"NEURON": Neuron(), "direct": engine("direct"), "modal": engine("modal", device="cpu")}
    off = np.array([_off(case, engines) for case in cases])
    print(f"worst of {len(off)}: direct {100 * abs(off[:, 0]).max():.4f} %, modal {100 * abs(off[:, 1]).max():.4f} %")


def _off(case: Case, engines: Mapping[str, Engine]) -> tuple[float, float]:
    """How far off the thresholds of direct and modal are; infinite where another outcome was found."""
    found = [find_thresholds(case.axons, case.pulse, one, up_to_mA=UP_TO_MA, tolerance=TOLERANCE)
             for one in engines.values()]  # fmt: skip
    if len({int(one.outcome[0]) for one in found}) > 1:
        print(f"{case.told}: {[one.outcome[0] for one in found]}")
        return np.inf, np.inf
    reference, direct, modal = (float(one.threshold_mA[0]) for one in found)
    off = (direct / reference - 1, modal / reference - 1) if np.isfinite(reference) else (0.0, 0.0)
    print(f"{case.told:38} {case.pulse.name:44} {Outcome(found[0].outcome[0]).name} {reference:8.4f} mA  "
          f"direct {100 * off[0]:+.4f} %  modal {100 * off[1]:+.4f} %", flush=True)  # fmt: skip
    return off


def speed(model: Path | None, field: Path | None) -> None:
    """Time of a threshold by each engine, and of a population."""
    axons = random_axons(1000)
    each = {}
    for name, count in (("modal", 1000), ("direct", 64), ("NEURON", 4)):
        if name == "NEURON" and missing():
            print(missing())
            continue
        wall, used = _timed(_solver(name), axons.take(np.arange(count)), one_by_one=name == "NEURON")
        each[name] = used / count
        print(f"{name}: {count} fibres in {wall:.2f} s on {os.cpu_count()} cores; {1000 * each[name]:.3f} ms of one "
              f"core a threshold, {each[name] / each['modal']:.0f} times modal", flush=True)  # fmt: skip
    if model and field:
        in_a_model(model, field)


def random_axons(count: int, seed: int = 3) -> Axons:
    """Fibres 1 to 6 mm from one source."""
    rng = np.random.default_rng(seed)
    geometry = mrg_geometry(rng.uniform(5.7, 16.0, count))
    potential = beside_source(along_mm(geometry, rng.uniform(-0.5, 0.5, count)), rng.uniform(1.0, 6.0, count))
    return Axons("mrg", geometry, np.full(count, NODES), potential, "sealed")


def _solver(name: str) -> Engine:
    if name == "NEURON":
        load(Path(tempfile.mkdtemp()))
        return Neuron()
    return engine("modal", device="cpu") if name == "modal" else engine("direct")


def _timed(solver: Engine, axons: Axons, *, one_by_one: bool) -> tuple[float, float]:
    """Time that the thresholds of axons take, by the clock and of processors, compilation apart."""
    find_thresholds(axons.take(np.arange(1)), PULSE, solver, up_to_mA=UP_TO_MA)
    parts = [axons.take(np.array([i])) for i in range(len(axons))] if one_by_one else [axons]
    wall, used = time.perf_counter(), time.process_time()
    for part in parts:
        find_thresholds(part, PULSE, solver, up_to_mA=UP_TO_MA)
    return time.perf_counter() - wall, time.process_time() - used


def in_a_model(model: Path, field: Path) -> None:
    """Time to set up the fibres of a model beside that of their thresholds, by its first contact."""
    from spinemodel.io.fibre_classes import read_classes
    from spinemodel.io.lead_field import read_lead_field
    from spinemodel.io.populations import population
    from spinemodel.io.whole_model import read_model

    fields, steps = read_lead_field(field), [time.perf_counter()]
    own = [one for one in read_classes().values() if one.model == "mrg"]
    fibres = population(read_model(model), own, 50, 1)
    steps.append(time.perf_counter())
    potentials = on_fibres(fields, fibres.paths, missing="nan")
    steps.append(time.perf_counter())
    (group,) = axons_of(stretches(fibres, potentials), Montage({fields.contacts[0]: -1.0}))
    steps.append(time.perf_counter())
    find_thresholds(group.axons, PULSE, engine("modal", device="cpu"), up_to_mA=20.0)
    steps.append(time.perf_counter())
    drawn, sampled, cut, solved = np.diff(steps)
    nodes = group.axons.nodes
    print(f"{len(fibres)} fibres of {model.name}: drawn in {drawn:.2f} s, potentials of {len(fields.contacts)} "
          f"contacts in {sampled:.2f} s; by one of them {len(nodes)} stretches of {nodes.min()} to {nodes.max()} nodes "
          f"in {cut:.2f} s, thresholds in {solved:.2f} s")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["neuron", "speed"])
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("field", type=Path, nargs="?")
    asked = parser.parse_args()
    if asked.what == "speed":
        speed(asked.model, asked.field)
    elif missing():
        parser.error(missing())
    else:
        neuron(asked.model, asked.field)


if __name__ == "__main__":
    main()

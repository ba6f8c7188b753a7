"""Random synthetic subjects through the whole way, and the share that fails.

Size, bow, tilt, spacing, noise, numbers of markers and missing roots are drawn at random; every fourth subject gets
ventral roots. A subject fails where the build or the tissues break a promise: roots that overlap or do not cross cord
and dura exactly once, a folded cord, rootlets that touch, parts that are not closed or do not add up to the whole::

    python benchmarks/random_phantoms.py --first 0 --count 200
"""

from __future__ import annotations

import argparse

import numpy as np

from spinemodel import Phantom, TissueParameters, annotate, build, complete
from spinemodel.anatomy.checks import check_surface
from spinemodel.anatomy.relations import relate
from spinemodel.errors import InputError, SpineModelError
from spinemodel.levels import LEVELS, ROOTS, RootName


def main() -> None:
    """Try the seeds one by one and print the share that failed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--count", type=int, default=200)
    chosen = options.parse_args()
    failed = 0
    for seed in range(chosen.first, chosen.first + chosen.count):
        broken = failures(seed)
        failed += bool(broken)
        print(f"{seed}: {'; '.join(broken) or 'kept every promise'}", flush=True)
    print(f"{failed} of {chosen.count} failed: {100 * failed / chosen.count:.1f} %")


def failures(seed: int) -> list[str]:
    """Return the broken promises of one subject."""
    try:
        anatomy = build(annotate(random_phantom(seed)))
        tissues = complete(anatomy, TissueParameters(ventral=seed % 4 == 1))
    except SpineModelError as problem:
        return [str(problem)]
    relations = relate(anatomy.surfaces)
    crossing = [
        f"{name} crosses the cord {to.cord_crossings} and the dura {to.dura_crossings} times"
        for name, to in relations.roots.items()
        if (to.cord_crossings, to.dura_crossings) != (1, 1)
    ]
    return [*relations.failures, *check_surface(anatomy.surfaces["Cord"]).failures, *crossing, *tissues.failures]


def random_phantom(seed: int) -> Phantom:
    """Return a random subject whose parts fit into each other."""
    random = np.random.default_rng([77, seed])
    while True:
        try:
            return _draw(random, seed)
        except InputError:
            continue


def _draw(random: np.random.Generator, seed: int) -> Phantom:
    """Return a random subject, or raise where the draw does not fit."""
    size, enlargement = random.uniform(0.85, 1.15), random.uniform(0.1, 0.28)
    cord = 4.15 * random.uniform(0.85, 1.15), 3.3 * random.uniform(0.85, 1.15)
    missing, tip = _missing(random), -486 + random.uniform(-6, 6)
    return Phantom(
        subject=f"sub-r{seed}",
        dura_top_mm=(7.4 * size, 6.3 * size),
        dura_bottom_mm=(10.6 * size * random.uniform(0.95, 1.1), 7.3 * size),
        cord_mm=cord,
        enlargement=enlargement,
        cord_dorsal_mm=random.uniform(0.3, 1.4),
        lordosis_mm=random.uniform(-6, 6),
        slice_spacing_mm=random.uniform(1.0, 3.0),
        slice_tilt_deg=random.uniform(-15, 15) if random.random() < 0.5 else 0.0,
        tip_z=tip,
        conus_z=tip + 40 + random.uniform(-3, 3),
        enlargement_z=tip + 88 + random.uniform(-4, 4),
        cord_points=int(random.integers(10, 22)),
        dura_points=int(random.integers(14, 32)),
        ganglion_points=1 + int(random.integers(0, 2)),  # type: ignore[arg-type]
        noise_mm=random.uniform(0, 0.2),
        seed=seed,
        missing=missing,
    )


def _missing(random: np.random.Generator) -> tuple[RootName, ...]:
    """Return some roots that nobody drew: up to a few of any level, or one, or both, or none."""
    some = [root for root in ROOTS if root.level == random.choice(LEVELS)] if random.random() < 0.3 else []
    return (*some, ROOTS[random.integers(len(ROOTS))]) if random.random() < 0.3 else tuple(some)


if __name__ == "__main__":
    main()

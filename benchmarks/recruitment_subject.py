"""Which level each contact of a lead recruits first, in a real subject: currents at which roots fire.

    python benchmarks/recruitment_subject.py MODEL LEADFIELD [COUNT] [DORSAL_COLUMN_MM] [CLASS,...]

Each contact alone is a cathode, with pulses of 0.3 ms. Of each class and contact it prints the levels with the least
currents, as 10 % / 50 % of the fibres of both sides, mA; then the same by side, and where first spikes lie.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from spinemodel.io.fibre_classes import chosen_classes, read_classes
from spinemodel.io.lead_field import read_lead_field
from spinemodel.io.populations import population
from spinemodel.io.whole_model import read_model
from spinemodel.recruitment.engines import engine
from spinemodel.recruitment.montages import monopoles
from spinemodel.recruitment.pulse import monophasic
from spinemodel.recruitment.recruit import recruit
from spinemodel.recruitment.recruited import Recruited
from spinemodel.recruitment.remarks import remarks
from spinemodel.recruitment.sampled import sampled


def main(model: str, lead_field: str, count: str = "20", column_mm: str = "10", classes: str = "Ia") -> None:
    """Print the tables."""
    field, wanted = read_lead_field(Path(lead_field)), classes.split(",")
    drawn = population(read_model(Path(model)), chosen_classes(wanted, read_classes()), int(count),
                       dorsal_column_mm=float(column_mm))  # fmt: skip
    potentials, montages = sampled(field, drawn), monopoles(field.contacts)
    start = time.perf_counter()
    several = recruit(drawn, potentials, montages, monophasic(0.3), engine=engine())
    print(f"{len(several) * len(drawn)} thresholds in {time.perf_counter() - start:.0f} s")
    for one in wanted:
        for found in several:
            print(one, found.montage, "|", _least(found, one, 2), "|", _least(found, one, 4))
    print(*remarks(field, several), sep="\n")


def _least(found: Recruited, one: str, letters: int) -> str:
    """Return the four roots with the least currents; told by so many letters: 2 the level, 4 the side too."""
    fibres, mA = found.population, found.thresholds.activated_mA
    of_class, own = np.array(fibres.classes) == one, np.array([root[:letters] for root in fibres.roots])
    shares = {root: np.quantile(mA[of_class & (own == root)], (0.1, 0.5), method="inverted_cdf")
              for root in set(own[of_class])}  # fmt: skip
    order = sorted(shares, key=lambda root: tuple(shares[root]))[:4]
    return ", ".join(f"{root} {shares[root][0]:.2f}/{shares[root][1]:.2f}" for root in order)


if __name__ == "__main__":
    main(*sys.argv[1:])

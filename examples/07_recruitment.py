"""From a field to the roots that it makes fire: the study of `examples/study_phantom.toml` as a script.

`spinemodel run` does the same, stage by stage, with a report. Coarse, to take a minute or two; run it on a model folder
that ``spinemodel build --tissues`` wrote, or without an argument on a synthetic subject::

    python examples/07_recruitment.py models/sub-03

Prints which roots the first and the last contact of a lead recruit first, each a cathode, and at what current.
"""

import sys
from pathlib import Path

import spinemodel as sm
from spinemodel.io.fibre_classes import read_classes
from spinemodel.recruitment.curves import current_at
from spinemodel.recruitment.engines import engine
from spinemodel.recruitment.sampled import sampled

if sys.argv[1:]:
    folder = Path(sys.argv[1])
else:
    subject = sm.annotate(sm.Phantom(seed=3, noise_mm=0.1))
    anatomy = sm.build(subject, sm.BuildParameters(edge_mm=1.0))
    sm.write_model(anatomy, sm.audit(anatomy.surfaces), {}, Path("demo/example"), tissues=sm.complete(anatomy))
    folder = Path("demo/example")
model = sm.read_model(folder)

lead = sm.place(sm.find_lead("rado-scs"), sm.site_of(model), sm.target_of("L3", model)).lead
problem = sm.field_problem(model, lead, sm.read_preset("capogrosso2013"), "grounded")
field = sm.solve(problem, sm.field_boxes(model.require_partition(), lead, 1.2, boundary="grounded"))

fibres = sm.population(model, [read_classes()["Ia"]], count=5)
montages = [sm.parse_montage(f"{contact}:-1", field.contacts) for contact in (field.contacts[0], field.contacts[-1])]
found = sm.recruit(fibres, sampled(field, fibres), montages, sm.parse_pulse("0.3ms"), engine=engine())
for one in found:
    current, root = min((current_at(curve, 0.5), curve.target) for curve in sm.curves(one))
    print(f"{one.montage}: half of {root} at {current:.1f} mA")

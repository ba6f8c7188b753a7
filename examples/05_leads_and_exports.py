"""From a model to a lead on its dura, and both among its tissues for a field simulator.

Run it on a model folder that ``spinemodel build --tissues`` wrote, or without an argument on a synthetic subject::

    python examples/05_leads_and_exports.py models/sub-03

Prints the mean distance of the contacts from the dura, mm.
"""

import sys
from pathlib import Path

import numpy as np

import spinemodel as sm

if sys.argv[1:]:
    folder = Path(sys.argv[1])
else:
    anatomy = sm.build(sm.annotate(sm.Phantom()))
    sm.write_model(anatomy, sm.audit(anatomy.surfaces), {}, Path("demo/example"), tissues=sm.complete(anatomy))
    folder = Path("demo/example")
model = sm.read_model(folder)

placed = sm.place(sm.find_lead("rado-scs"), sm.site_of(model), sm.target_of("segment:L3", model))
assert placed.lead.parts.labels[0] == "Backing"

contents = sm.Contents(model, placed.lead, sm.read_preset("capogrosso2013"))
exported = sm.write_export(contents, sm.find_format("comsol"), Path("demo/example_comsol"))
assert exported.readme.exists()
print(f"{np.mean([contact.gap_mm[1] for contact in placed.fit.contacts]):.2f} mm")

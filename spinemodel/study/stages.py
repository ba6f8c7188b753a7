"""The stages of a study, in order."""

from __future__ import annotations

from typing import Final

from spinemodel.study.curves_stage import CURVES
from spinemodel.study.fibres_stage import FIBRES
from spinemodel.study.field_stage import FIELD
from spinemodel.study.lead_stage import LEAD
from spinemodel.study.model_stage import MODEL
from spinemodel.study.recruitment_stage import RECRUITMENT
from spinemodel.study.report_stage import REPORT
from spinemodel.study.stage import Stage
from spinemodel.study.uncertainty_stage import uncertainty_stage

REPEATED: Final[tuple[Stage, ...]] = (MODEL, LEAD, FIELD, FIBRES, RECRUITMENT, CURVES)
"""Those that variants repeat."""

STAGES: Final[tuple[Stage, ...]] = (*REPEATED, uncertainty_stage(REPEATED), REPORT)

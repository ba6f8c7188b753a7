"""A synthetic subject with known answers: dura, tapering cord, fourteen roots and ganglia in closed form.

Everything is a function of the height z. Sections of the dura and of the cord are ellipses about a parabolic axis;
roots are piecewise cubics in z, straight from the end of their annotation to the ganglion, so that the truth is known
where nobody draws. Sizes, heights and ganglia are those of sub-03 of Liu et al. 2024 (figshare
10.6084/m9.figshare.26403442), in round numbers. Roots of radius 0.5 mm touch neither each other, nor the cord beyond
their entry, nor the dura before their exit.
"""

from __future__ import annotations

from spinemodel.anatomy.phantom.drawing import annotate
from spinemodel.anatomy.phantom.roots import COURSES, Course, centreline_truth, root_path
from spinemodel.anatomy.phantom.shape import (
    Phantom,
    Sections,
    cord_level,
    cord_sections,
    cord_volume,
    dura_level,
    dura_sections,
    dura_volume,
)

__all__ = [
    "COURSES",
    "Course",
    "Phantom",
    "Sections",
    "annotate",
    "centreline_truth",
    "cord_level",
    "cord_sections",
    "cord_volume",
    "dura_level",
    "dura_sections",
    "dura_volume",
    "root_path",
]

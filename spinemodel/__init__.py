"""spinemodel: from the marks that a person draws on a spine MRI to a model that can be stimulated.

Conventions, everywhere in this package:

- **Frame.** Every coordinate is RAS+ and in millimetres. LPS exists only in :mod:`spinemodel.io`, which reads the
  frame and the unit from the file. Every geometry carries the name of its space, such as ``"sub-03/scanner"``.
- **Units.** mm and mm3; a number in any other unit wears it in its name (``diameter_um``).
- **Types hold data, functions act on it.** Types are frozen dataclasses with read-only arrays.
- **Errors.** :class:`~spinemodel.errors.SpineModelError` and its children; the message says how to mend it.
- **Imports.** ``import spinemodel`` loads nothing heavy; names are resolved when first used.

Examples
--------
>>> import spinemodel as sm
>>> anatomy = sm.build(sm.annotate(sm.Phantom()))
>>> sm.audit(anatomy.surfaces).failures
()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spinemodel.agreement.consensus import consensus
    from spinemodel.agreement.marker_agreement import compare
    from spinemodel.alignment.align import align
    from spinemodel.alignment.cohort import align_cohort
    from spinemodel.alignment.result import Alignment
    from spinemodel.anatomy.annotation import Annotation, Markers
    from spinemodel.anatomy.audit import Audit, audit
    from spinemodel.anatomy.build import build
    from spinemodel.anatomy.compartments import Partition, partition
    from spinemodel.anatomy.cord_course import cord_course, fibre_direction
    from spinemodel.anatomy.curves import Centreline, Contour
    from spinemodel.anatomy.edited import take_edits
    from spinemodel.anatomy.fibre_paths import fibre_paths
    from spinemodel.anatomy.fidelity import marker_errors
    from spinemodel.anatomy.loft import loft
    from spinemodel.anatomy.model import Anatomy, BuildParameters
    from spinemodel.anatomy.overlay import overlay
    from spinemodel.anatomy.perturb import perturb
    from spinemodel.anatomy.phantom import Phantom, annotate
    from spinemodel.anatomy.roots import RootParameters
    from spinemodel.anatomy.surface import Surface
    from spinemodel.anatomy.sweep import sweep
    from spinemodel.anatomy.tissues import TissueParameters, Tissues, complete
    from spinemodel.anatomy.untangle import untangle
    from spinemodel.errors import SpineModelError
    from spinemodel.field.along_fibres import on_fibres, second_difference
    from spinemodel.field.boxes import nested_boxes
    from spinemodel.field.certificate import certificate
    from spinemodel.field.lead_field import LeadField
    from spinemodel.field.montage import Montage, parse_montage, superpose
    from spinemodel.field.problem import Problem
    from spinemodel.field.sampling import gradient, potential
    from spinemodel.field.solver import solve
    from spinemodel.io.bids import read_subject, write_subject
    from spinemodel.io.conductivities import read_preset
    from spinemodel.io.exports.contents import Contents
    from spinemodel.io.exports.fibres import model_paths
    from spinemodel.io.exports.folder import write_export
    from spinemodel.io.exports.formats import find_format
    from spinemodel.io.field_boxes import field_boxes
    from spinemodel.io.field_problem import field_problem
    from spinemodel.io.lead import read_lead, write_lead
    from spinemodel.io.lead_catalogue import find_lead
    from spinemodel.io.lead_field import read_lead_field, write_lead_field
    from spinemodel.io.lead_site import site_of, target_of
    from spinemodel.io.model import write_model
    from spinemodel.io.nifti import read_volume, write_volume
    from spinemodel.io.populations import population
    from spinemodel.io.spine_folder import write_spine
    from spinemodel.io.study_file import read_study
    from spinemodel.io.surfaces import read_surface, write_surface
    from spinemodel.io.transforms import read_transform, write_transform
    from spinemodel.io.vertebral_masks import read_vertebral_mask
    from spinemodel.io.whole_model import read_model
    from spinemodel.leads.design import LeadDesign
    from spinemodel.leads.lead import Lead
    from spinemodel.leads.placement import Placed, place
    from spinemodel.leads.track import Course
    from spinemodel.recruitment.axons import Axons
    from spinemodel.recruitment.curves import curves
    from spinemodel.recruitment.population import Population
    from spinemodel.recruitment.pulse import Pulse
    from spinemodel.recruitment.pulse_text import parse_pulse
    from spinemodel.recruitment.recruit import recruit
    from spinemodel.recruitment.recruited import Recruited
    from spinemodel.recruitment.search import find_thresholds
    from spinemodel.recruitment.selectivity import selectivity
    from spinemodel.recruitment.thresholds import Thresholds
    from spinemodel.spaces import Transform
    from spinemodel.vertebrae.column_fit import fit_column
    from spinemodel.vertebrae.mask import VertebralMask
    from spinemodel.vertebrae.phantom import phantom_mask
    from spinemodel.vertebrae.spine import Spine, examine
    from spinemodel.vertebrae.surfaces import mask_surfaces
    from spinemodel.volume.coverage import Coverage, coverage, share
    from spinemodel.volume.distance import DistanceField, mask_distance, signed_distance
    from spinemodel.volume.grid import Grid
    from spinemodel.volume.labels import LabelVolume
    from spinemodel.volume.rasterise import rasterise
    from spinemodel.volume.spans import Spans, to_volume

__version__ = "0.1.0"

_HOME: Final = {
    "Alignment": "alignment.result",
    "Anatomy": "anatomy.model",
    "Annotation": "anatomy.annotation",
    "Audit": "anatomy.audit",
    "Axons": "recruitment.axons",
    "BuildParameters": "anatomy.model",
    "Centreline": "anatomy.curves",
    "Contents": "io.exports.contents",
    "Contour": "anatomy.curves",
    "Course": "leads.track",
    "Coverage": "volume.coverage",
    "DistanceField": "volume.distance",
    "Grid": "volume.grid",
    "LabelVolume": "volume.labels",
    "Lead": "leads.lead",
    "LeadDesign": "leads.design",
    "LeadField": "field.lead_field",
    "Markers": "anatomy.annotation",
    "Montage": "field.montage",
    "Partition": "anatomy.compartments",
    "Phantom": "anatomy.phantom",
    "Placed": "leads.placement",
    "Population": "recruitment.population",
    "Problem": "field.problem",
    "Pulse": "recruitment.pulse",
    "Recruited": "recruitment.recruited",
    "RootParameters": "anatomy.roots",
    "Spans": "volume.spans",
    "Spine": "vertebrae.spine",
    "SpineModelError": "errors",
    "Surface": "anatomy.surface",
    "Thresholds": "recruitment.thresholds",
    "TissueParameters": "anatomy.tissues",
    "Tissues": "anatomy.tissues",
    "Transform": "spaces",
    "VertebralMask": "vertebrae.mask",
    "align": "alignment.align",
    "align_cohort": "alignment.cohort",
    "annotate": "anatomy.phantom",
    "audit": "anatomy.audit",
    "build": "anatomy.build",
    "certificate": "field.certificate",
    "compare": "agreement.marker_agreement",
    "complete": "anatomy.tissues",
    "consensus": "agreement.consensus",
    "cord_course": "anatomy.cord_course",
    "coverage": "volume.coverage",
    "curves": "recruitment.curves",
    "examine": "vertebrae.spine",
    "fibre_direction": "anatomy.cord_course",
    "fibre_paths": "anatomy.fibre_paths",
    "field_boxes": "io.field_boxes",
    "field_problem": "io.field_problem",
    "find_format": "io.exports.formats",
    "find_lead": "io.lead_catalogue",
    "find_thresholds": "recruitment.search",
    "fit_column": "vertebrae.column_fit",
    "gradient": "field.sampling",
    "loft": "anatomy.loft",
    "marker_errors": "anatomy.fidelity",
    "mask_distance": "volume.distance",
    "mask_surfaces": "vertebrae.surfaces",
    "model_paths": "io.exports.fibres",
    "nested_boxes": "field.boxes",
    "on_fibres": "field.along_fibres",
    "overlay": "anatomy.overlay",
    "parse_montage": "field.montage",
    "parse_pulse": "recruitment.pulse_text",
    "partition": "anatomy.compartments",
    "perturb": "anatomy.perturb",
    "phantom_mask": "vertebrae.phantom",
    "place": "leads.placement",
    "population": "io.populations",
    "potential": "field.sampling",
    "rasterise": "volume.rasterise",
    "read_lead": "io.lead",
    "read_lead_field": "io.lead_field",
    "read_model": "io.whole_model",
    "read_preset": "io.conductivities",
    "read_study": "io.study_file",
    "read_subject": "io.bids",
    "read_surface": "io.surfaces",
    "read_transform": "io.transforms",
    "read_vertebral_mask": "io.vertebral_masks",
    "read_volume": "io.nifti",
    "recruit": "recruitment.recruit",
    "second_difference": "field.along_fibres",
    "selectivity": "recruitment.selectivity",
    "share": "volume.coverage",
    "signed_distance": "volume.distance",
    "site_of": "io.lead_site",
    "solve": "field.solver",
    "superpose": "field.montage",
    "sweep": "anatomy.sweep",
    "take_edits": "anatomy.edited",
    "target_of": "io.lead_site",
    "to_volume": "volume.spans",
    "untangle": "anatomy.untangle",
    "write_export": "io.exports.folder",
    "write_lead": "io.lead",
    "write_lead_field": "io.lead_field",
    "write_model": "io.model",
    "write_spine": "io.spine_folder",
    "write_subject": "io.bids",
    "write_surface": "io.surfaces",
    "write_transform": "io.transforms",
    "write_volume": "io.nifti",
}
"""The room of every public name."""

__all__ = [
    "Alignment",
    "Anatomy",
    "Annotation",
    "Audit",
    "Axons",
    "BuildParameters",
    "Centreline",
    "Contents",
    "Contour",
    "Course",
    "Coverage",
    "DistanceField",
    "Grid",
    "LabelVolume",
    "Lead",
    "LeadDesign",
    "LeadField",
    "Markers",
    "Montage",
    "Partition",
    "Phantom",
    "Placed",
    "Population",
    "Problem",
    "Pulse",
    "Recruited",
    "RootParameters",
    "Spans",
    "Spine",
    "SpineModelError",
    "Surface",
    "Thresholds",
    "TissueParameters",
    "Tissues",
    "Transform",
    "VertebralMask",
    "__version__",
    "align",
    "align_cohort",
    "annotate",
    "audit",
    "build",
    "certificate",
    "compare",
    "complete",
    "consensus",
    "cord_course",
    "coverage",
    "curves",
    "examine",
    "fibre_direction",
    "fibre_paths",
    "field_boxes",
    "field_problem",
    "find_format",
    "find_lead",
    "find_thresholds",
    "fit_column",
    "gradient",
    "loft",
    "marker_errors",
    "mask_distance",
    "mask_surfaces",
    "model_paths",
    "nested_boxes",
    "on_fibres",
    "overlay",
    "parse_montage",
    "parse_pulse",
    "partition",
    "perturb",
    "phantom_mask",
    "place",
    "population",
    "potential",
    "rasterise",
    "read_lead",
    "read_lead_field",
    "read_model",
    "read_preset",
    "read_study",
    "read_subject",
    "read_surface",
    "read_transform",
    "read_vertebral_mask",
    "read_volume",
    "recruit",
    "second_difference",
    "selectivity",
    "share",
    "signed_distance",
    "site_of",
    "solve",
    "superpose",
    "sweep",
    "take_edits",
    "target_of",
    "to_volume",
    "untangle",
    "write_export",
    "write_lead",
    "write_lead_field",
    "write_model",
    "write_spine",
    "write_subject",
    "write_surface",
    "write_transform",
    "write_volume",
]


def __getattr__(name: str) -> object:
    """Import the room of a public name when the name is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'spinemodel' has no attribute {name!r}")
    return getattr(import_module(f"spinemodel.{_HOME[name]}"), name)

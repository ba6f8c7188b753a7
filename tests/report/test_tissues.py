from spinemodel.anatomy.model import Levels
from spinemodel.anatomy.segments import Span
from spinemodel.anatomy.vertebra_sizes import size_of
from spinemodel.anatomy.vertebral_levels import VertebralSpan
from spinemodel.report.tissues import places


def test_titles_name_the_segment_and_what_lies_beside_it_from_head_to_foot() -> None:
    segments = (Span("T12", 80, 100, "annotated"), Span("L2", 70, 80, "annotated"), Span("S1", 60, 70, "annotated"))
    bodies = ("T12", 104.0, 82.0, 78.0), ("L1", 78.0, 66.0, 64.0), ("L2", 64.0, 50.0, 45.0), ("L3", 45.0, 25.0, 20.0)
    vertebrae = tuple(VertebralSpan(*body, "derived", size_of(body[0])) for body in bodies)
    assert places(Levels(segments, vertebrae)) == {
        90.0: "segment T12, vertebra T12",
        75.0: "segment L2, vertebra L1",
        65.0: "segment S1, disc L1/L2",
        35.0: "vertebra L3",
    }


def test_without_vertebrae_only_segments_are_named() -> None:
    assert places(Levels((Span("L2", 70, 80, "annotated"),), ())) == {75.0: "segment L2"}


def test_nothing_known_gives_no_place() -> None:
    assert places(Levels((), ())) == {}

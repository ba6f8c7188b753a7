from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

import spinemodel as sm
from spinemodel.alignment.cohort import align_cohort
from spinemodel.anatomy.surface import Surface
from spinemodel.errors import InputError, SpaceMismatchError
from spinemodel.spaces import Transform, apply
from tests.alignment.forms import farthest, moved, pear, turned

TRUTH = turned((3, -4, 5), (40, -25, 130))


def subject() -> dict[str, Surface]:
    inner = replace(pear(name="Cord"), vertices=pear().vertices * 0.5 + [1, 1, 3])
    return {"Cord": inner, "Dura": pear(name="Dura")}


def other() -> dict[str, Surface]:
    return {name: moved(surface, TRUTH) for name, surface in subject().items()}


def test_duras_end_at_one_height_and_are_centred() -> None:
    found = align_cohort({"one": subject(), "two": other(), "three": {"Dura": other()["Dura"]}}, "two")
    tops = []
    for name, surfaces in {"one": subject(), "two": other()}.items():
        dura = surfaces["Dura"]
        tops.append(apply(found[name], dura.vertices, space=dura.space).max(axis=0)[2])

    assert found["two"].matrix.tolist() == np.eye(4).tolist()
    assert (found["one"].source, found["one"].target) == ("fixed", "moving")
    assert tops[0] == pytest.approx(tops[1])
    assert found["one"].matrix[:3, :3].tolist() == np.eye(3).tolist()
    assert found["three"].matrix.tolist() == found["two"].matrix.tolist()


def test_only_z_is_taken_from_the_top() -> None:
    shifted = {"Dura": moved(pear(name="Dura"), turned((0, 0, 0), (7, -8, 9)))}
    matrix = align_cohort({"one": {"Dura": pear(name="Dura")}, "two": shifted})["two"].matrix

    assert matrix[:3, 3] == pytest.approx([-7, 8, -9])


def test_registration_undoes_a_motion() -> None:
    found = align_cohort({"one": subject(), "two": other()}, method="register")
    dura = other()["Dura"]

    assert found["one"].matrix.tolist() == np.eye(4).tolist()
    assert farthest(apply(found["two"], dura.vertices, space="moving"), subject()["Dura"].vertices) < 0.05


def test_what_slides_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    from tests.shapes import sphere

    balls = {name: replace(sphere(radius), space="a") for name, radius in (("Cord", 6.0), ("Dura", 10.0))}
    with caplog.at_level(logging.WARNING):
        align_cohort({"one": balls, "two": balls}, method="register")

    assert "two: " in caplog.text
    assert "slides" in caplog.text


def test_models_are_subjects() -> None:
    model = sm.build(sm.annotate(sm.Phantom()), sm.BuildParameters(edge_mm=1.5))
    high = {
        name: moved(surface, Transform(np.eye(4) + np.eye(4, k=1) * 0, surface.space, "high"))
        for name, surface in model.surfaces.items()
    }
    found = align_cohort({"model": model, "high": high}, method="register")

    assert found["high"].matrix == pytest.approx(np.eye(4), abs=0.02)


def test_errors_name_the_subject() -> None:
    with pytest.raises(InputError, match="no reference three; there are one, two"):
        align_cohort({"one": subject(), "two": other()}, "three")
    with pytest.raises(InputError, match="two: no Cord"):
        align_cohort({"one": subject(), "two": {"Dura": pear()}}, method="register")
    with pytest.raises(InputError, match="method"):
        align_cohort({"one": subject()}, method="guess")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no subjects"):
        align_cohort({})
    with pytest.raises(SpaceMismatchError):
        align_cohort({"one": {"Cord": pear("a"), "Dura": pear("b")}}, method="register")

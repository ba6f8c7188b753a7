"""Whether the model of an image lies where the image shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spinemodel.cli.quality_masks import Asked, Given
    from spinemodel.quality.regions import Regions
    from spinemodel.volume.image import ScalarVolume


def placed(image: ScalarVolume, given: Given, regions: Regions, asked: Asked) -> tuple[str, ...]:
    """Return a note where a model fits the image clearly better elsewhere; refuse one in another frame.

    A label volume shares the voxels of its image, so that its place is not in question.

    Raises
    ------
    InputError
        If the image shows cord and fluid elsewhere than the model has them.
    """
    from spinemodel.quality.pose import require_place
    from spinemodel.quality.rasterised import model_regions

    if asked.in_place or "cord" not in given.surfaces or not given.surfaces.keys() & {"sac", "csf"}:
        return ()
    if asked.csf_above is not None:  # classes that values tell lie where the image has them, wherever the model is
        regions = model_regions(given.surfaces, image.grid, roots=asked.roots)
    return require_place(image, regions)

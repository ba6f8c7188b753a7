"""Shapes laid onto each other: rigid, similarity and affine alignment on signed distances.

:mod:`~spinemodel.alignment.align` is the way in. It prepares two shapes (``shapes``: points on the surface and
distances round it), chooses whose points are pulled into whose distances (``direction``), spreads starts over the poses
thought possible (``starts``), follows them from coarse to fine (``search``, on ``least_squares``, ``residuals``,
``motions`` and ``fields``), and says how far to trust the end (``verdict``). :mod:`~spinemodel.alignment.cohort` puts
subjects side by side.
"""

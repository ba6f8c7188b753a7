"""Fills a conforming surface mesh with tetrahedra by Gmsh; a script of its own process, since Gmsh is under the GPL.

Takes ``vertices``, ``faces`` (m, 3), ``patch`` (m,), and ``region``, ``bound`` (k,): which patches bound which regions,
all from 0, from the first file; writes ``nodes``, ``cells`` (n, 4) and ``region`` (n,) into the second. It tells its
progress on its standard output. It does not import this package, and is run as ``python -P`` so that the modules
beside it do not stand in for others.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

HXT = 10
"""Number of the algorithm: Delaunay by HXT (Marot et al. 2019, Int. J. Numer. Meth. Engng 117:967), which takes the
surfaces as they are. On one thread, so that the same surfaces give the same tetrahedra."""

WORST = 0.1
"""Tetrahedra of lower gamma are improved. A choice: below Gmsh's 0.3, since thin parts hold many that cannot be better,
and trying takes most of the time."""


def main(given: str, result: str) -> None:
    """Read, fill and write."""
    import gmsh  # type: ignore[import-untyped, import-not-found, unused-ignore]

    with np.load(given) as surfaces:
        fill(gmsh, **surfaces)
    tags, places, _ = gmsh.model.mesh.getNodes()
    cells, region = [], []
    for _, volume in gmsh.model.getEntities(3):
        kinds, _, corners = gmsh.model.mesh.getElements(3, volume)
        cells += [corner.reshape(-1, 4) for corner in corners]
        region += [np.full(len(corner) // 4, volume - 1) for kind, corner in zip(kinds, corners, strict=True)]
    used, where = np.unique(np.concatenate(cells), return_inverse=True)
    order = np.argsort(tags)
    nodes = places.reshape(-1, 3)[order[np.searchsorted(tags[order], used)]]
    np.savez(result, nodes=nodes, cells=where.reshape(-1, 4), region=np.concatenate(region))
    gmsh.finalize()


def fill(gmsh: Any, vertices: Floats, faces: Ints, patch: Ints, region: Ints, bound: Ints) -> None:
    """Give the surfaces to Gmsh as discrete ones, bound the regions by them, and make the mesh."""
    gmsh.initialize(["gmsh"], readConfigFiles=False, interruptible=False)
    options = {"General.Terminal": 1, "General.NumThreads": 1, "Mesh.Algorithm3D": HXT, "Mesh.OptimizeThreshold": WORST}
    for option, value in options.items():
        gmsh.option.setNumber(option, value)
    surfaces = [gmsh.model.addDiscreteEntity(2, k + 1, []) for k in range(int(patch.max()) + 1)]
    gmsh.model.mesh.addNodes(2, 1, np.arange(1, len(vertices) + 1), vertices.ravel())
    order = np.argsort(patch, kind="stable")
    for surface, rows in zip(surfaces, np.split(order, np.cumsum(np.bincount(patch))[:-1]), strict=True):
        gmsh.model.mesh.addElementsByType(surface, 2, [], (faces[rows] + 1).ravel())
    gmsh.model.mesh.reclassifyNodes()
    for k in range(int(region.max()) + 1):
        loop = gmsh.model.geo.addSurfaceLoop((bound[region == k] + 1).tolist(), k + 1)
        gmsh.model.geo.addVolume([loop], k + 1)
    gmsh.model.geo.synchronize()
    gmsh.model.mesh.generate(3)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as problem:
        print(f"Error   : {problem}")
        sys.exit(1)

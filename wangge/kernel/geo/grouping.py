"""Neighbourhood of pieces and grouping of base grids into contiguous larger ones (working, police, fire grids)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wangge.kernel.geo.lattice import metres_per_degree, to_units


def adjacency(pieces: Sequence[BaseGeometry]) -> list[dict[int, float]]:
    """For each piece of a valid coverage its neighbours and the length of the shared border in metres.

    Neighbours share an edge; a common corner is not enough.
    """
    neighbours: list[dict[int, float]] = [{} for _ in pieces]
    if not pieces:
        return neighbours
    edges, owner = edges_of(pieces)
    low = np.where((edges[:, 0] < edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] < edges[:, 3])), 0, 1)
    edges = np.where(low[:, None] == 0, edges, edges[:, [2, 3, 0, 1]])
    order = np.lexsort((owner, *edges.T[::-1]))
    edges, owner = edges[order], owner[order]
    same = np.flatnonzero((edges[1:] == edges[:-1]).all(axis=1) & (owner[1:] != owner[:-1]))
    east, north = metres_per_degree(float(edges[:, 1].mean()) / 1e7)
    dx, dy = (edges[same, 2] - edges[same, 0]) * east / 1e7, (edges[same, 3] - edges[same, 1]) * north / 1e7
    for a, b, metres in zip(owner[same].tolist(), owner[same + 1].tolist(), np.hypot(dx, dy).tolist(), strict=True):
        neighbours[a][b] = neighbours[a].get(b, 0.0) + metres
        neighbours[b][a] = neighbours[b].get(a, 0.0) + metres
    return neighbours


def edges_of(pieces: Sequence[BaseGeometry]) -> tuple[np.ndarray, np.ndarray]:
    """Edges of all rings as lattice units (k, 4: x1 y1 x2 y2) and the index of the piece of each (k)."""
    array = np.asarray(pieces, dtype=object)
    parts, part_owner = shapely.get_parts(array, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    coords, coord_ring = shapely.get_coordinates(rings, return_index=True)
    units = to_units(coords)
    inside = np.flatnonzero(coord_ring[1:] == coord_ring[:-1])
    edges = np.hstack([units[inside], units[inside + 1]])
    moved = (edges[:, :2] != edges[:, 2:]).any(axis=1)
    return edges[moved], part_owner[ring_part[coord_ring[inside]]][moved]


def components(neighbours: Sequence[dict[int, float]], members: set[int] | None = None) -> list[set[int]]:
    """Connected components among `members` (all by default), each found from its lowest index."""
    left = set(range(len(neighbours))) if members is None else set(members)
    found: list[set[int]] = []
    for start in sorted(left):
        if start not in left:
            continue
        part, todo = {start}, deque([start])
        left.discard(start)
        while todo:
            for other in neighbours[todo.popleft()]:
                if other in left:
                    left.discard(other)
                    part.add(other)
                    todo.append(other)
        found.append(part)
    return found


def group(pieces: Sequence[BaseGeometry], count: int) -> list[list[int]]:
    """Group the pieces of a valid coverage into `count` contiguous groups of nearly equal numbers of pieces.

    Deterministic. Gives the indices of each group, sorted. Raises ValueError when `count` is below the number of
    parts that do not touch each other, or above the number of pieces.
    """
    neighbours = adjacency(pieces)
    islands = components(neighbours)
    if not len(islands) <= count <= len(pieces):
        raise ValueError(f"{len(pieces)} pieces in {len(islands)} separate parts cannot form {count} groups")
    centres = shapely.get_coordinates(shapely.centroid(np.asarray(pieces, dtype=object)))
    centres = centres * np.array(metres_per_degree(float(centres[:, 1].mean())))
    groups: list[set[int]] = []
    for island, share in zip(islands, _quota([len(i) for i in islands], count), strict=True):
        groups.extend(_grow(sorted(island), share, centres, neighbours))
    return [sorted(g) for g in groups]


def _quota(sizes: list[int], count: int) -> list[int]:
    """Groups for each separate part: one at least, the rest to whoever has most pieces for a group."""
    shares = [1] * len(sizes)
    for _ in range(count - len(sizes)):
        at = max(range(len(sizes)), key=lambda i: (sizes[i] / shares[i], -i))
        shares[at] += 1
    return shares


def _grow(members: list[int], count: int, centres: np.ndarray, neighbours: list[dict[int, float]]) -> list[set[int]]:
    seeds = _seeds(centres[members], count)
    groups = [{members[s]} for s in seeds]
    home = {members[s]: g for g, s in enumerate(seeds)}
    goal = [centres[members[s]] for s in seeds]
    left = set(members) - set(home)
    while left:
        for g in sorted(range(count), key=lambda g: (len(groups[g]), g)):
            reach = sorted({n for piece in groups[g] for n in neighbours[piece] if n in left})
            if reach:
                piece = min(reach, key=lambda n: float(((centres[n] - goal[g]) ** 2).sum()))
                groups[g].add(piece)
                home[piece] = g
                left.discard(piece)
                break
    _level(groups, home, neighbours)
    return groups


def _seeds(points: np.ndarray, count: int) -> list[int]:
    """Spread starting pieces: farthest points first, then moved to the middles of their surroundings."""
    chosen = [int(np.argmin(points.sum(axis=1)))]
    distance = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    middle = points[chosen].astype(float)
    for _ in range(20):
        near = ((points[:, None, :] - middle[None]) ** 2).sum(axis=2).argmin(axis=1)
        middle = np.array([points[near == g].mean(axis=0) if (near == g).any() else middle[g] for g in range(count)])
    taken: list[int] = []
    for spot in middle:
        order = ((points - spot) ** 2).sum(axis=1).argsort(kind="stable")
        taken.append(next(int(i) for i in order if int(i) not in taken))
    return taken


def _level(groups: list[set[int]], home: dict[int, int], neighbours: list[dict[int, float]]) -> None:
    """Move border pieces from larger to smaller neighbours while both stay contiguous."""
    for _ in range(4 * len(home)):
        moves = [
            (
                len(groups[home[piece]]) - len(groups[home[other]]),
                -sum(metres for n, metres in neighbours[piece].items() if home.get(n) == home[piece]),
                -piece,
                home[other],
            )
            for piece in home
            for other in neighbours[piece]
            if home[other] != home[piece] and len(groups[home[piece]]) - len(groups[home[other]]) >= 2
        ]
        for _, _, minus_piece, target in sorted(moves, reverse=True):
            piece = -minus_piece
            source = groups[home[piece]]
            if len(components(neighbours, source - {piece})) == 1:
                source.discard(piece)
                groups[target].add(piece)
                home[piece] = target
                break
        else:
            return

"""Plane geometry of outlines, in any even scale; rings are lists of (x, y), such as (longitude, latitude) in degrees."""

import math

Corner = tuple[float, float]


def is_inside(point: Corner, ring: list[Corner]) -> bool:
    """Whether a point lies inside a ring, by the crossings of a ray to its right."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def distance_to_ring(point: Corner, ring: list[Corner]) -> float:
    """How far a point is from the nearest side of a ring."""
    return min(_distance_to_side(point, *side) for side in zip(ring, [*ring[1:], *ring[:1]], strict=True))


def _distance_to_side(point: Corner, start: Corner, end: Corner) -> float:
    along = (end[0] - start[0], end[1] - start[1])
    length = along[0] ** 2 + along[1] ** 2
    if not length:
        return math.dist(point, start)
    share = ((point[0] - start[0]) * along[0] + (point[1] - start[1]) * along[1]) / length
    share = min(1.0, max(0.0, share))
    return math.dist(point, (start[0] + share * along[0], start[1] + share * along[1]))


def clip(ring: list[Corner], normal: Corner, limit: float) -> list[Corner]:
    """The part of a polygon where normal·p <= limit (Sutherland–Hodgman, one edge)."""
    kept: list[Corner] = []
    for index, here in enumerate(ring):
        before = ring[index - 1]
        side_here = normal[0] * here[0] + normal[1] * here[1] - limit
        side_before = normal[0] * before[0] + normal[1] * before[1] - limit
        if (side_here <= 0) != (side_before <= 0):
            share = side_before / (side_before - side_here)
            kept.append((before[0] + share * (here[0] - before[0]), before[1] + share * (here[1] - before[1])))
        if side_here <= 0:
            kept.append(here)
    return kept


def cell_around(middle: Corner, others: list[Corner], ring: list[Corner]) -> list[Corner]:
    """The part of a ring that is nearer to one middle than to any other."""
    for other in others:
        normal = (other[0] - middle[0], other[1] - middle[1])
        halfway = ((other[0] + middle[0]) / 2, (other[1] + middle[1]) / 2)
        ring = clip(ring, normal, normal[0] * halfway[0] + normal[1] * halfway[1])
    return ring

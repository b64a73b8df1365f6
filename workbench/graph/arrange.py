"""Aligning and distributing: new places for a few cards, in line with each other or at equal distances."""

from __future__ import annotations

from collections.abc import Mapping

Place = tuple[float, float]
SIDES = ("left", "centre", "right", "top", "middle", "bottom")


def align(places: Mapping[str, Place], side: str) -> dict[str, Place]:
    """Brings cards of one size in line.

    Args:
        places: The centres of the cards by id, in pixels.
        side: `left`, `centre` or `right` give them one x; `top`, `middle` or `bottom` give them one y.
    """
    axis = 0 if side in SIDES[:3] else 1
    values = [place[axis] for place in places.values()]
    if not values:
        return {}
    low, high = min(values), max(values)
    goal = low if side in ("left", "top") else high if side in ("right", "bottom") else (low + high) / 2
    return {key: (goal, y) if axis == 0 else (x, goal) for key, (x, y) in places.items()}


def distribute(places: Mapping[str, Place], down: bool) -> dict[str, Place]:
    """Spreads cards evenly between the outermost two; their order stays.

    Args:
        places: The centres of the cards by id, in pixels.
        down: Whether from top to bottom, or from left to right.
    """
    axis = 1 if down else 0
    order = sorted(places, key=lambda key: (places[key][axis], places[key][1 - axis]))
    if len(order) < 3:
        return dict(places)
    low, high = places[order[0]][axis], places[order[-1]][axis]
    step = (high - low) / (len(order) - 1)
    goals = {key: low + index * step for index, key in enumerate(order)}
    return {key: (x, goals[key]) if down else (goals[key], y) for key, (x, y) in places.items()}

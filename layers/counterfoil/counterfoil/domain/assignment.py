"""The best pairing of two sets, each with each at most once: the largest total weight, not the greediest.

Successive shortest augmenting paths (the Hungarian method) on the pairs that exist, so that a thousand lines with a
few candidates each stay cheap. Written here because the layer carries no numerical library for one function.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

FAR = float("inf")


def best_assignment(weights: Sequence[Mapping[int, int]]) -> list[int | None]:
    """For each left element the right one it is paired with, or None.

    `weights[i][j]` is how much pairing i with j is worth, above zero; a missing pair is impossible. To stay alone is
    worth zero. Equal totals are settled by the order given, always in the same way.
    """
    owner: dict[int, int] = {}
    partner: dict[int, int] = {}
    price: dict[int, int] = {}
    cost: list[int] = []
    # Each left element has a right one of its own, worth nothing, that stands for staying alone.
    pairs = [
        [*((right, -weight) for right, weight in sorted(row.items())), (-1 - left, 0)]
        for left, row in enumerate(weights)
    ]
    for left, edges in enumerate(pairs):
        cost.append(min(weight - price.get(right, 0) for right, weight in edges))
        _augment(left, pairs, owner, partner, price, cost)
    return [partner[left] if partner[left] >= 0 else None for left in range(len(weights))]


def _augment(
    start: int,
    pairs: Sequence[Sequence[tuple[int, int]]],
    owner: dict[int, int],
    partner: dict[int, int],
    price: dict[int, int],
    cost: list[int],
) -> None:
    """Give `start` a partner along the cheapest chain of re-pairings, and keep all reduced costs at zero or more."""
    distance: dict[int, int] = {}
    came_from: dict[int, int] = {}
    settled: set[int] = set()
    waiting: list[tuple[int, int]] = []
    left, travelled = start, 0
    while True:
        for right, weight in pairs[left]:
            if right in settled:
                continue
            length = travelled + weight - cost[left] - price.get(right, 0)
            if length < distance.get(right, FAR):
                distance[right] = length
                came_from[right] = left
                heapq.heappush(waiting, (length, right))
        travelled, right = heapq.heappop(waiting)
        while right in settled:
            travelled, right = heapq.heappop(waiting)
        settled.add(right)
        if right not in owner:
            break
        left = owner[right]
    cost[start] += travelled
    for reached in settled:
        slack = travelled - distance[reached]
        price[reached] = price.get(reached, 0) - slack
        if reached in owner:
            cost[owner[reached]] += slack
    while True:
        left = came_from[right]
        partner[left], owner[right], right = right, left, partner.get(left, right)
        if left == start:
            return

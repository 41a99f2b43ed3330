"""The fewest actions that together satisfy every criterion that is still open.

Minimum set cover, answered exactly: what one action does better than another, or alone, is settled
first; what is left falls apart into groups that share no action; each group is searched with a
Lagrangian lower bound, in whole numbers. The search is deterministic and stops after `MOST_WORK` looks at
a criterion of an action, well inside a page load; then it says so, with the number that is proven
to be needed. No Django, no clock, no floats.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

# Looks at one criterion of one action. About a second of one core.
MOST_WORK = 1_500_000
# Multipliers are whole numbers of this many parts of one action.
_ONE = 1 << 16
_ROUNDS_FIRST, _ROUNDS_LATER = 120, 12


@dataclass(frozen=True)
class Cover:
    """`chosen` actions satisfy every criterion that any action would; `unmet` have no action.

    `at_least` is proven to be needed. Where the search was stopped it is less than
    `len(chosen)`, and `is_shortest` is False.
    """

    chosen: tuple[int, ...]
    unmet: tuple[int, ...]
    at_least: int

    @property
    def suffices(self) -> bool:
        return not self.unmet

    @property
    def is_shortest(self) -> bool:
        return self.at_least == len(self.chosen)


def shortest_set(
    open_criteria: Iterable[int],
    actions: Mapping[int, Collection[int]],
    *,
    most_work: int = MOST_WORK,
) -> Cover:
    """`actions` maps each action to the criteria it would satisfy. Of two actions that would do
    the same, the one with the lower key is taken; the order of the input does not matter."""
    needs = sorted(set(open_criteria))
    place = {criterion: number for number, criterion in enumerate(needs)}
    masks: dict[int, int] = {}
    for key in sorted(actions):
        mask = 0
        for criterion in actions[key]:
            if criterion in place:
                mask |= 1 << place[criterion]
        if mask:
            masks[key] = mask
    reachable = 0
    for mask in masks.values():
        reachable |= mask
    unmet = tuple(c for number, c in enumerate(needs) if not reachable >> number & 1)
    chosen, need, left = _settle(reachable, masks)
    at_least = len(chosen)
    work = _Work(most_work)
    for part_need, part in _groups(need, left):
        found, least = _search_group(part_need, part, work)
        chosen += found
        at_least += least
    return Cover(tuple(sorted(chosen)), unmet, at_least)


@dataclass
class _Work:
    left: int


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def _settle(need: int, masks: Mapping[int, int]) -> tuple[list[int], int, dict[int, int]]:
    """What needs no search: (actions to take, criteria still open, actions still in question).

    Nothing that is set aside is in every shortest set: one at least stays possible.
    """
    taken: list[int] = []
    left = {key: mask & need for key, mask in masks.items()}
    while True:
        left = _without_lesser(left)
        holders = _holders(need, left)
        alone = [keys[0] for keys in holders.values() if len(keys) == 1]
        if alone:
            for key in sorted(set(alone)):
                taken.append(key)
                need &= ~left[key]
            left = {key: mask & need for key, mask in left.items()}
            continue
        # A criterion that every action for another one would satisfy as well follows from it.
        sets = {bit: frozenset(keys) for bit, keys in holders.items()}
        by_size = sorted(sets, key=lambda bit: (len(sets[bit]), bit))
        kept: list[int] = []
        implied = 0
        for bit in by_size:
            if any(sets[other] <= sets[bit] for other in kept):
                implied |= 1 << bit
            else:
                kept.append(bit)
        if not implied:
            return taken, need, left
        need &= ~implied
        left = {key: mask & need for key, mask in left.items()}


def _without_lesser(masks: Mapping[int, int]) -> dict[int, int]:
    """Without actions that do nothing more than another one does."""
    kept: dict[int, int] = {}
    for key, mask in sorted(masks.items(), key=lambda item: (-item[1].bit_count(), item[0])):
        if mask and not any(mask & ~other == 0 for other in kept.values()):
            kept[key] = mask
    return dict(sorted(kept.items()))


def _holders(need: int, masks: Mapping[int, int]) -> dict[int, list[int]]:
    """Each open criterion's actions."""
    holders: dict[int, list[int]] = {bit: [] for bit in _bits(need)}
    for key, mask in masks.items():
        for bit in _bits(mask & need):
            holders[bit].append(key)
    return holders


def _groups(need: int, masks: Mapping[int, int]) -> list[tuple[int, dict[int, int]]]:
    """Parts that share no action are answered one by one."""
    parts: list[tuple[int, dict[int, int]]] = []
    for key, mask in masks.items():
        joined_need, joined = mask, {key: mask}
        apart = []
        for part_need, part in parts:
            if part_need & joined_need:
                joined_need |= part_need
                joined |= part
            else:
                apart.append((part_need, part))
        parts = [*apart, (joined_need, joined)]
    return sorted(
        ((part_need & need, dict(sorted(part.items()))) for part_need, part in parts),
        key=lambda item: min(item[1]),
    )


def _search_group(need: int, masks: dict[int, int], work: _Work) -> tuple[list[int], int]:
    """(the fewest found, the number proven to be needed)."""
    best = _greedy(need, masks, {})
    weights = dict.fromkeys(_bits(need), 0)
    for bit, keys in _holders(need, masks).items():
        weights[bit] = _ONE // max(masks[key].bit_count() for key in keys)
    least, weights, better = _bound(need, masks, weights, len(best), _ROUNDS_FIRST, work)
    if len(better) < len(best):
        best = better
    if least >= len(best):
        return best, len(best)
    search = _Search(best, work)
    is_whole = search.go(need, masks, [], weights)
    return search.best, len(search.best) if is_whole else least


class _Search:
    def __init__(self, best: list[int], work: _Work) -> None:
        self.best = best
        self.work = work

    def go(
        self, need: int, masks: dict[int, int], taken: list[int], weights: dict[int, int]
    ) -> bool:
        """Looks through every set that begins with `taken`. False where it was stopped."""
        if self.work.left <= 0:
            return False
        # Comparing each action with each other one is the rest of a step's work.
        self.work.left -= len(masks) * (len(masks) + need.bit_count()) // 8
        forced, need, masks = _settle(need, masks)
        taken = [*taken, *forced]
        if len(taken) >= len(self.best):
            return True
        if not need:
            self.best = taken
            return True
        room = len(self.best) - len(taken)
        least, weights, found = _bound(need, masks, weights, room, _ROUNDS_LATER, self.work)
        if len(found) < room:
            self.best = [*taken, *found]
            room = len(found)
        if least >= room:
            return True
        masks = _worth_trying(need, masks, weights, room)
        if _without_action(need, masks):
            return True
        holders = _holders(need, masks)
        bit = min(holders, key=lambda b: (len(holders[b]), -weights[b], b))
        tried = sorted(
            holders[bit], key=lambda key: (-sum(weights[b] for b in _bits(masks[key])), key)
        )
        is_whole = True
        for number, key in enumerate(tried):
            without = set(tried[:number])
            rest = {
                other: mask & ~masks[key]
                for other, mask in masks.items()
                if other != key and other not in without
            }
            still = need & ~masks[key]
            if _without_action(still, rest):
                continue
            is_whole &= self.go(still, rest, [*taken, key], weights)
        return is_whole


def _worth_trying(
    need: int, masks: Mapping[int, int], weights: Mapping[int, int], room: int
) -> dict[int, int]:
    """Without actions that no set smaller than `room` can hold, by what each adds to the bound."""
    price = {
        key: _ONE - sum(weights[bit] for bit in _bits(mask & need)) for key, mask in masks.items()
    }
    value = sum(weights[bit] for bit in _bits(need)) + sum(p for p in price.values() if p < 0)
    return {
        key: mask for key, mask in masks.items() if -(-(value + max(0, price[key])) // _ONE) < room
    }


def _without_action(need: int, masks: Mapping[int, int]) -> int:
    """The criteria that none of the actions would satisfy."""
    for mask in masks.values():
        need &= ~mask
    return need


def _greedy(need: int, masks: Mapping[int, int], price: Mapping[int, int]) -> list[int]:
    """A set that does, not always the smallest: the most new criteria for its price each time."""
    taken: list[int] = []
    left = need
    while left:
        key = max(
            (key for key, mask in masks.items() if mask & left),
            key=lambda key: ((masks[key] & left).bit_count() * _ONE - price.get(key, 0), -key),
        )
        taken.append(key)
        left &= ~masks[key]
    for key in list(taken):  # what the later ones made superfluous
        others = 0
        for other in taken:
            if other != key:
                others |= masks[other]
        if need & ~others == 0:
            taken.remove(key)
    return taken


def _bound(
    need: int,
    masks: Mapping[int, int],
    weights: Mapping[int, int],
    room: int,
    rounds: int,
    work: _Work,
) -> tuple[int, dict[int, int], list[int]]:
    """(a number that is needed at least, the weights that show it, the best set met on the way).

    Whatever weights the criteria have: every set of actions costs at least the sum of the
    weights, less what single actions are worth above their own price.
    """
    bits = _bits(need)
    worth = {bit: weights.get(bit, 0) for bit in bits}
    members = {key: _bits(mask & need) for key, mask in masks.items()}
    best_value, best_weights = -1, dict(worth)
    found = _greedy(need, masks, dict.fromkeys(masks, 0))
    pace, since = 32, 0
    looks = sum(map(len, members.values()))
    for _ in range(rounds):
        work.left -= looks
        value = sum(worth.values())
        slack = dict.fromkeys(bits, 1)
        price: dict[int, int] = {}
        for key, own in members.items():
            price[key] = _ONE - sum(worth[bit] for bit in own)
            if price[key] < 0:
                value += price[key]
                for bit in own:
                    slack[bit] -= 1
        if value > best_value:
            best_value, best_weights, since = value, dict(worth), 0
            tried = _greedy(need, masks, price)
            if len(tried) < len(found):
                found = tried
        else:
            since += 1
            if since >= 8:
                pace, since = max(1, pace // 2), 0
        target = min(room, len(found))
        if -(-best_value // _ONE) >= target:
            break
        length = sum(gap * gap for gap in slack.values())
        if not length:
            break
        step = max(1, pace * max(target * _ONE - value, _ONE // 8) // (32 * length))
        for bit in bits:
            worth[bit] = max(0, worth[bit] + step * slack[bit])
    return -(-best_value // _ONE), best_weights, found

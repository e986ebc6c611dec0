"""Shares of a difference by all orders, written out."""

from itertools import permutations, product


def shares(value, names):
    """Return the mean over all orders of what each correction takes off; ``value`` takes a set of them."""
    found = dict.fromkeys(names, 0.0)
    known = {on: value({n for n, o in zip(names, on, strict=True) if o}) for on in product((0, 1), repeat=len(names))}
    orders = list(permutations(range(len(names))))
    for order in orders:
        at = [0] * len(names)
        for i in order:
            before = known[tuple(at)]
            at[i] = 1
            found[names[i]] += (before - known[tuple(at)]) / len(orders)
    return found

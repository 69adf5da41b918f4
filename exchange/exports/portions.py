"""Which documents go into the next answer, so that one that 1C cannot take is soon found and the rest flows. Pure.

Most generations of 1C refuse a whole answer for one bad document and ask for the same for ever. So what went out unconfirmed is
suspect, and its level says how often that happened: the documents of the highest level went out together last, and the bad one
is among them. Serving half of them tells in which half; after few exchanges it stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Portion(NamedTuple):
    """Documents of this level, the oldest first, at most so many."""

    level: int
    most: int


def next_portion(groups: Mapping[int, int], failed: int | None, most: int) -> Portion | None:
    """The next portion of at most `most` documents; None when none waits.

    `groups`: level → how many wait at it (0 = never went out as they are now). `failed`: the level now of what went out last,
    None when it was confirmed.
    """
    top = max((level for level, size in groups.items() if size), default=None)
    if top is None:
        return None
    if not top or (groups.get(0) and failed is not None and failed > 1):
        # After each unsuccessful search what is new has its turn.
        return Portion(0, most)
    if top == 1 and failed is None:
        # Half of them came through: perhaps it was only the line, or a lock in 1C.
        return Portion(1, most)
    return Portion(top, min(most, max(1, groups[top] // 2)))

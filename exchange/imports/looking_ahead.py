"""While dictionaries are on their way: which elements of the first items the portal has already, so that no item waits for that too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings
from django.db import connection

from exchange.imports import commands
from exchange.imports.due import BEFORE, DUE, FREE
from exchange.imports.flows import Ask, Flow
from exchange.imports.matching import SHAPES
from exchange.planning.items import Shape

# As many as their items' chunks would look up at a time.
MOST_ELEMENTS = 1200

Found = dict[str, dict[int, Shape]]  # 1C id → the portal's elements with it as their external id


def new_elements(base_id: int, now: dt.datetime) -> list[str]:
    """1C ids of elements that are due and have never been in the portal, in the order 1C told them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select onec_id from exchange_staterow
                where {DUE} and {BEFORE} and kind in ('product', 'offer') and known is null and {FREE} order by id limit %(most)s""",  # noqa: S608
            {"base": base_id, "now": now, "limit": settings.B24_REQUEST_LIMIT, "most": MOST_ELEMENTS},
        )
        return list(dict.fromkeys(onec_id for (onec_id,) in cursor.fetchall()))


def look_ups(ids: Sequence[str], iblocks: tuple[int, int], found: Found) -> Iterator[Flow]:
    """Flows that look the elements up, in the iblocks of products and of offers; whoever has been looked up is in `found`."""
    kinds: Mapping[bool, tuple[int, tuple[Shape, ...]]] = {False: (iblocks[0], SHAPES), True: (iblocks[1], ("offer",))}
    for is_offer, (iblock, shapes) in kinds.items():
        of_kind = [onec_id for onec_id in ids if ("#" in onec_id) == is_offer]
        for start in range(0, len(of_kind) if iblock else 0, commands.LOOKUP_SIZE):
            yield _look_up(of_kind[start : start + commands.LOOKUP_SIZE], iblock, shapes, found)


def _look_up(page: Sequence[str], iblock: int, shapes: Sequence[Shape], found: Found) -> Flow:
    outcomes = yield Ask(tuple(commands.find_elements(shape, iblock, page) for shape in shapes))
    if any(outcome.error is not None for outcome in outcomes):
        return None  # their items ask themselves
    here: Found = {onec_id: {} for onec_id in page}
    for shape, outcome in zip(shapes, outcomes, strict=True):
        for row in commands.listed_elements(shape, outcome.result):
            here.setdefault(str(row["xmlId"]), {})[int(row["id"])] = shape
    found.update(here)
    return None

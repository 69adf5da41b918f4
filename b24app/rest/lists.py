"""Reading a list method to its end, fifty rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command

PAGE = 50


def by_key(ask: Callable[[Command], Outcome], command: Command, key: str) -> Iterator[dict[str, Any]]:
    """Every row, by `filter[>key]` and start=-1: nothing is counted, and nothing added meanwhile is missed or read twice."""
    params = dict(command.params)
    select = params.get("select")
    if select and key not in select and "*" not in select:
        params["select"] = [*select, key]
    last: int | None = None
    while True:
        after = {} if last is None else {f">{key}": last}
        page = {**params, "order": {key: "ASC"}, "filter": {**params.get("filter", {}), **after}, "start": -1}
        found = rows(ask(Command(command.method, page)).result)
        keys = [int(row[key]) for row in found]
        if last is not None and any(value <= last for value in keys):
            return  # The method ignores the filter: what it gave before was everything.
        yield from found
        if len(found) < PAGE:
            return
        last = max(keys)


def by_page(ask: Callable[[Command], Outcome], command: Command) -> Iterator[dict[str, Any]]:
    """Every row, by `start` and `next`."""
    start: int | None = 0
    while start is not None:
        outcome = ask(Command(command.method, {**command.params, "start": start}))
        yield from rows(outcome.result)
        start = outcome.next if outcome.next and outcome.next > start else None


def rows(result: Any) -> list[dict[str, Any]]:
    """The rows in a list method's result: the result itself, or the only list in it (`products`, `items`, …).

    Raises ValueError when there are several lists, or none: better than to take them for no rows.
    """
    if isinstance(result, Mapping):
        lists = [value for value in result.values() if isinstance(value, list)]
        if len(lists) == 1:
            return lists[0]
    elif isinstance(result, list):
        return result
    raise ValueError("the result holds no list of rows, or several")

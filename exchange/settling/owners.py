"""Whose requisites and bank details were changed: the portal only tells their own ids."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import RestError
from b24app.rest.lists import PAGE, rows
from exchange.imports.flows import Ask, Flow
from exchange.planning.portal_trades import whole
from exchange.planning.trade import PARTY_TYPES, REQUISITE
from exchange.settling.gather import Named
from exchange.settling.hear import BANK_DETAIL


def owners_flow(parts: Collection[Named], found: set[Named], failed: list[RestError]) -> Flow:
    """`owners_of` into `found`, or its error into `failed`."""
    try:
        found |= yield from owners_of(parts)
    except RestError as error:
        failed.append(error)
    return None


def owners_of(parts: Collection[Named]) -> Generator[Ask, list[Outcome], set[Named]]:
    """The companies and contacts that these requisites (8) and bank details belong to.

    One that is gone is answered by its own name (8, id): whoever had it, remembers. Raises RestError.
    """
    details = [id for kind, id in parts if kind == BANK_DETAIL]
    requisites = {id for kind, id in parts if kind == REQUISITE}
    found = yield from _listed("crm.requisite.bankdetail.list", details, ["ID", "ENTITY_ID"])
    requisites |= {whole(row.get("ENTITY_ID")) for row in found} - {0}
    owned = yield from _listed("crm.requisite.list", sorted(requisites), ["ID", "ENTITY_TYPE_ID", "ENTITY_ID"])
    keys = {(whole(row.get("ENTITY_TYPE_ID")), whole(row.get("ENTITY_ID"))) for row in owned}
    gone = requisites - {whole(row.get("ID")) for row in owned}
    return {key for key in keys if key[0] in PARTY_TYPES} | {(REQUISITE, id) for id in gone}


def _listed(method: str, ids: Collection[int], select: list[str]) -> Generator[Ask, list[Outcome], list[dict[str, Any]]]:
    ordered = list(ids)
    pages = [ordered[start : start + PAGE] for start in range(0, len(ordered), PAGE)]
    if not pages:
        return []
    outcomes = yield Ask(tuple(Command(method, {"filter": {"@ID": page}, "select": select}) for page in pages))
    found: list[dict[str, Any]] = []
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        found += rows(outcome.result)
    return found

"""An item of 1C and a product of the portal that a person says are one: what is there to choose, what would come of it, and doing it.

Nothing is deleted. The product that the item had until now is switched off and gives its external id away, so that nobody takes it for
the item again; the next push writes 1C's values into the chosen one.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import F

from b24app import lanes
from b24app.models import Portal
from b24app.oauth.clients import PERSON_SECONDS, client_for
from b24app.rest.commands import Command
from exchange.commerceml import meaning
from exchange.imports import commands
from exchange.imports.matching import SHAPES
from exchange.models import StateRow
from exchange.planning.items import Shape
from exchange.planning.joining import Candidate, Held, Outlook, item_outlook, shape_of
from mapping import links
from mapping.load import rules_of

MOST_SHOWN: Final = 20


def is_linkable(row: StateRow) -> bool:
    """Whether the row stands for something that a product of the portal can be: an item, or a variant of one."""
    return row.kind == "product" or (row.kind == "offer" and "#" in row.onec_id)


def kind_of_link(row: StateRow) -> str:
    """Under which kind its link is kept."""
    return "offer" if "#" in row.onec_id else "product"


def products(portal: Portal, row: StateRow, text: str = "", b24_id: int = 0) -> list[Candidate]:
    """Products (or variants of the item's product) whose name holds the text, or with this id. Raises RestError."""
    facts = portal.facts.get("catalog") or {}
    variant = kind_of_link(row) == "offer"
    iblock = int(facts.get("offers_iblock_id" if variant else "iblock_id") or 0)
    filters: list[dict[str, object]] = []
    number = b24_id or (int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0)
    if number:
        filters.append({"id": number})
    if text and not b24_id:
        filters.append({"%name": text})
    if variant and not b24_id:
        filters = [{"parentId": _b24_of(portal, row, row.parent_id or row.onec_id.partition("#")[0])}]
    if not iblock or not filters:
        return []
    shapes: tuple[Shape, ...] = ("offer",) if variant else SHAPES
    asked = [(shape, _list(shape, iblock, wanted)) for wanted in filters for shape in shapes]
    outcomes = client_for(portal, urgent=True, limit=PERSON_SECONDS).batch([command for _, command in asked])
    found: dict[int, Candidate] = {}
    for (shape, _), outcome in zip(asked, outcomes, strict=True):
        if outcome.error is not None:
            raise outcome.error
        for listed in commands.listed_elements(shape, outcome.result):
            # Lists of products may show every kind; the special lists, which come last, tell which is which.
            id, parent = int(listed["id"]), listed.get("parentId")
            parent = parent.get("value") if isinstance(parent, dict) else parent
            found[id] = Candidate(0, id, str(listed.get("name") or ""), shape=shape, parent_id=int(parent or 0))
    return sorted(found.values(), key=lambda one: (one.id != number, one.id))[:MOST_SHOWN]


def _list(shape: Shape, iblock_id: int, wanted: dict[str, object]) -> Command:
    method = commands.find_elements(shape, iblock_id, []).method
    select = ["id", "iblockId", "name", *(["parentId"] if shape == "offer" else [])]
    return Command(method, {"select": select, "filter": {"iblockId": iblock_id, **wanted}, "order": {"id": "DESC"}})


def outlook(portal: Portal, row: StateRow, chosen: Candidate) -> Outlook:
    """What linking the item with the chosen product would do."""
    kind = kind_of_link(row)
    here = _b24_of(portal, row, row.onec_id)
    rows = StateRow.objects.filter(base=row.base_id)
    variants = list(rows.filter(kind="offer", parent_id=row.onec_id, onec_id__contains="#").values_list("onec_id", flat=True))
    item_type = str((row.main or {}).get("item_type") or "").strip()
    rules = rules_of(portal.pk, row.base_id)
    service = item_type in rules.service_item_types or item_type.casefold() in meaning.SERVICE_TYPES
    shape = shape_of(row.known, variant=kind == "offer", variants=bool(variants), service=service)
    parent = _b24_of(portal, row, row.parent_id or row.onec_id.partition("#")[0]) if kind == "offer" else 0
    hung = bool(here and variants and links.to_b24(portal.pk, row.base_id, "offer", variants))
    shared = links.sharing(portal.pk, kind, [chosen.id, here])
    return item_outlook(
        here,
        shape,
        chosen,
        _held(portal, row, chosen.id),
        parent=parent,
        fixed=hung,
        other_base=any(scope != row.base_id for scope, _ in shared.get(chosen.id, ())),
        left_shared=any(scope != row.base_id for scope, _ in shared.get(here, ())),
    )


def _b24_of(portal: Portal, row: StateRow, onec_id: str) -> int:
    kind = "offer" if "#" in onec_id else "product"
    return links.to_b24(portal.pk, row.base_id, kind, [onec_id]).get(onec_id, 0)


def _held(portal: Portal, row: StateRow, b24_id: int) -> Held | None:
    onec_id = links.to_onec(portal.pk, row.base_id, kind_of_link(row), [b24_id]).get(b24_id)
    if onec_id is None or onec_id == row.onec_id:
        return None
    other = StateRow.objects.filter(base=row.base_id, onec_id=onec_id).exclude(main=None).first()
    main = (other.main if other is not None else None) or {}
    return Held(other.pk if other is not None else 0, onec_id, str(main.get("name") or onec_id), gone=bool(main.get("deleted")))


def link(portal: Portal, row: StateRow, chosen: Candidate) -> Outlook:
    """Link them if that can be; returns what came of it (`refused` = nothing did). Raises RestError before anything is kept."""
    foreseen = outlook(portal, row, chosen)
    if foreseen.refused:
        return foreseen
    if "product-off" in foreseen.effects:
        shape: Shape = chosen.shape  # type: ignore[assignment]
        # What is gone from the portal already needs no switching off.
        client = client_for(portal, urgent=True, limit=PERSON_SECONDS)
        (outcome,) = client.batch([commands.retire_element(shape, foreseen.left, row.onec_id)])
        if outcome.error is not None and not _is_gone(portal, row, foreseen.left):
            raise outcome.error
    with transaction.atomic():
        locked = StateRow.objects.select_for_update().get(pk=row.pk)
        again = outlook(portal, locked, chosen)
        if again.refused or again.left != foreseen.left:
            return Outlook("changed")
        held = _held(portal, locked, chosen.id)
        links.bind(portal.pk, row.base_id, kind_of_link(row), {row.onec_id: chosen.id})
        ids = [row.onec_id, *([held.onec_id] if held is not None else [])]
        told = StateRow.objects.filter(base=row.base_id, onec_id__in=ids, kind__in=("product", "offer"))
        told.update(known=None, version=F("version") + 1, failures=0, not_before=None)
        lanes.outdate(portal.pk)
    return foreseen


def _is_gone(portal: Portal, row: StateRow, b24_id: int) -> bool:
    return not products(portal, row, b24_id=b24_id)

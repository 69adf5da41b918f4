"""Writing to the portal what 1C changed: changed fields, rows by difference, the stage apart, so that one refusal blocks nothing else."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate
from exchange.imports.flows import Ask
from exchange.money import Inexact
from exchange.planning.effects import Effects
from exchange.planning.merge import Merged
from exchange.planning.portal_trades import Fresh, whole
from exchange.planning.row_changes import RowChanges, row_changes
from exchange.planning.trade import COMPANY, CONTACT, INVOICE, Trade
from exchange.settling.document_tools import DocumentTools
from exchange.settling.flows import DocumentWork, Learnt
from exchange.settling.gather import SHORT


class Written(NamedTuple):
    """Whether anything was sent, and whether the document's sum is now held by us (isManualOpportunity).

    `item` is the document as the portal answered the last change, if that came after everything else; `links` whether buyer or own
    company were changed.
    """

    sent: bool = False
    manual: bool = False
    item: Mapping[str, Any] | None = None
    links: bool = False


def write(
    work: DocumentWork,
    fresh: Fresh,
    portal: Trade,
    merged: Merged[Trade],
    effects: Effects | None,
    tools: DocumentTools,
    log: Learnt,
) -> Generator[Ask, list[Outcome], Written]:
    """Bring the portal's document in line. Raises RestError when it shall be tried again."""
    b24_id = whole(fresh.item["id"])
    own = _own_fields(work, effects, tools)
    fields = _fields(work, portal, merged, own)
    rows = _rows(work, fresh, merged, tools, log)
    manual = (rows.document or {}).get("isManualOpportunity", "Y" if work.known.get("manual") else "N") == "Y"
    commands = [*_row_commands(rows, work.entity_type_id, b24_id)]
    if fields:
        commands.append(_update(work, b24_id, fields))
    if rows.document:
        commands.append(_update(work, b24_id, rows.document))
    if effects is not None and effects.stage_id:
        commands.append(_update(work, b24_id, {"stageId": effects.stage_id}))
    if not commands:
        return Written(manual=manual)
    outcomes = yield Ask(tuple(commands))
    refused = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in refused:
        error = outcome.error
        assert error is not None  # noqa: S101  (they were chosen so)
        if error.fate in (Fate.RETRY, Fate.REFRESH):
            raise error
        stage = "stageId" in (outcome.command.params.get("fields") or {})
        cause = "stage-refused" if stage else "portal-refused"
        log.trouble(work.key, portal.title, cause, code=error.code, answer=error.description, method=error.method)
    if not refused:
        log.over[work.key] = log.over.get(work.key, frozenset()) | {"stage-refused", "portal-refused"}
    last = outcomes[-1]
    answered = last.result.get("item") if last.command.method == "crm.item.update" and isinstance(last.result, Mapping) else None
    links = any(name in fields for name in ("companyId", "contactId", "mycompanyId"))
    return Written(sent=True, manual=manual, item=answered if isinstance(answered, Mapping) else None, links=links)


def _fields(work: DocumentWork, portal: Trade, merged: Merged[Trade], own: Mapping[str, Any]) -> dict[str, Any]:
    value = merged.value
    fields: dict[str, Any] = dict(own)
    if "comment" in merged.to_portal:
        fields["comments"] = value.comment or ""
    if "date" in merged.to_portal and value.date is not None:
        fields["begindate"] = value.date
    if "pay_until" in merged.to_portal and work.entity_type_id == INVOICE:
        fields["closedate"] = value.pay_until or ""
    if "buyer" in merged.to_portal and value.buyer is not None and value.buyer != portal.buyer:
        fields |= _buyer(value.buyer)
    if "my_company" in merged.to_portal and work.entity_type_id == INVOICE and value.my_company_id:
        fields["mycompanyId"] = value.my_company_id
    return fields


def _buyer(key: tuple[int, int]) -> dict[str, Any]:
    if key[0] == COMPANY:
        return {"companyId": key[1]}
    return {"companyId": 0, "contactId": key[1]} if key[0] == CONTACT else {}


def _own_fields(work: DocumentWork, effects: Effects | None, tools: DocumentTools) -> dict[str, Any]:
    """Our own fields that say something else than we last wrote."""
    if effects is None:
        return {}
    keys = tools.pipelines.own_fields.get(work.entity_type_id, {})
    written = work.known.get("own") or {}
    return {keys[name]: value for name, value in effects.own.items() if name in keys and written.get(name, "") != value}


def _rows(work: DocumentWork, fresh: Fresh, merged: Merged[Trade], tools: DocumentTools, log: Learnt) -> RowChanges:
    value = merged.value
    ours = fresh.item.get("isManualOpportunity") == "Y" and bool(work.known.get("manual"))
    if ("lines" not in merged.to_portal and not ours) or value.lines is None:
        return RowChanges()
    try:
        changes = row_changes(value, fresh.rows, fresh.item, tools.products([line.item_id for line in value.lines]))
    except Inexact as error:
        log.trouble(work.key, value.title, "amount-inexact", reason=str(error))
        return RowChanges()
    log.over[work.key] = log.over.get(work.key, frozenset()) | {"amount-inexact"}
    return changes


def _row_commands(rows: RowChanges, entity_type_id: int, b24_id: int) -> list[Command]:
    owner = {"ownerType": SHORT[entity_type_id], "ownerId": b24_id}
    return [
        *(Command("crm.item.productrow.delete", {"id": id}) for id in rows.deletes),
        *(Command("crm.item.productrow.update", {"id": id, "fields": dict(fields)}) for id, fields in rows.updates),
        *(Command("crm.item.productrow.add", {"fields": {**owner, **fields}}) for fields in rows.adds),
    ]


def _update(work: DocumentWork, b24_id: int, fields: Mapping[str, Any]) -> Command:
    return Command("crm.item.update", {"entityTypeId": work.entity_type_id, "id": b24_id, "fields": dict(fields)})

"""Payments and shipments of 1C in the timeline of the portal's document: one configurable activity each, updated when it changes.

The activity carries the payment's key as its origin id, so one whose `add` was not answered is found again and never made twice
(bitrix24: crm.activity.configurable.add works in the application's context only; crm.activity.list shows ORIGIN_ID).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import override

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate
from exchange.imports.flows import Ask, Key
from exchange.money import minor_units
from exchange.planning.effects import Entry
from exchange.planning.stored import digest, plain

# One of the portal's own icons, in its lists of icons and of logos alike.
_ICON: Final = "arrow-down"
_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Owner:
    """The portal's document; `originator` marks what this base made, `language` is the portal's."""

    entity_type_id: int
    b24_id: int
    originator: str
    language: str = "en"
    responsible_id: int = 0


def write_entries(
    entries: Iterable[Entry], owner: Owner, known: Mapping[str, Mapping[str, Any]], mark: Key, *, unsure: bool
) -> Generator[Ask, list[Outcome], dict[str, dict[str, Any]]]:
    """Bring the timeline in line with the entries; returns what is known of each afterwards ({"id", "digest"} by key).

    `known` is what the last call returned; `unsure`: an activity may have been added without our hearing of it. Entries that the
    portal refuses stay out of the answer; raises RestError when it cannot be asked now. `mark` names the row for lost answers.
    """
    wanted = list(entries)
    have = {key: dict(value) for key, value in known.items()}
    if unsure and any(entry.key not in have for entry in wanted):
        have |= yield from _found(owner, {_origin(owner, entry): entry.key for entry in wanted if entry.key not in have})
    asked = [entry for entry in wanted if have.get(entry.key, {}).get("digest") != _digest(entry)]
    if not asked:
        return have
    with override(owner.language):
        commands = tuple(_command(entry, owner, have.get(entry.key)) for entry in asked)
    outcomes = yield Ask(commands, tuple(None if entry.key in have else mark for entry in asked))
    for entry, outcome in zip(asked, outcomes, strict=True):
        error = outcome.error
        if error is None:
            have[entry.key] = {"id": int(outcome.result["activity"]["id"]), "digest": _digest(entry)}
        elif error.fate in (Fate.RETRY, Fate.REFRESH):
            raise error
        elif error.code == "NOT_FOUND" and entry.key in have:
            # A person deleted it from the timeline: that is his word.
            have[entry.key]["digest"] = _digest(entry)
    return have


def notification(user_id: int, text: str, tag: str) -> Command:
    """A notice to one person; a newer one with the same tag replaces it (bitrix24: im.notify.system.add, scope `im`)."""
    return Command("im.notify.system.add", {"USER_ID": user_id, "MESSAGE": text, "TAG": tag})


def trigger(code: str, entity_type_id: int, b24_id: int) -> Command:
    """Pull our trigger at a document, for the portal's own automation (bitrix24: crm.automation.trigger.execute)."""
    return Command("crm.automation.trigger.execute", {"CODE": code, "OWNER_TYPE_ID": entity_type_id, "OWNER_ID": b24_id})


def trigger_code(happening: str) -> str:
    """The code of our trigger for something that happened in 1C."""
    return f"onec_{happening}"


def trigger_commands(language: str) -> tuple[Command, ...]:
    """Make our triggers known to the portal; the same code again only renames one (bitrix24: crm.automation.trigger.add)."""
    with override(language):
        names = {
            "cancelled": _("1C: cancelled"),
            "paid": _("1C: paid in full"),
            "partly_paid": _("1C: paid in part"),
            "shipped": _("1C: shipped"),
        }
        return tuple(
            Command("crm.automation.trigger.add", {"CODE": trigger_code(code), "NAME": name}) for code, name in names.items()
        )


def _found(owner: Owner, by_origin: Mapping[str, str]) -> Generator[Ask, list[Outcome], dict[str, dict[str, Any]]]:
    """Activities of this document that carry our origin ids, page by page."""
    found: dict[str, dict[str, Any]] = {}
    last = 0
    while True:
        params = {
            "filter": {"OWNER_TYPE_ID": owner.entity_type_id, "OWNER_ID": owner.b24_id, ">ID": last},
            "select": ["ID", "ORIGINATOR_ID", "ORIGIN_ID"],
            "order": {"ID": "ASC"},
            "start": -1,
        }
        (outcome,) = yield Ask((Command("crm.activity.list", params),))
        if outcome.error is not None:
            raise outcome.error
        rows = outcome.result if isinstance(outcome.result, list) else []
        for row in rows:
            key = by_origin.get(str(row.get("ORIGIN_ID") or ""))
            if key is not None and row.get("ORIGINATOR_ID") == owner.originator:
                found[key] = {"id": int(row["ID"]), "digest": ""}
        if len(rows) < _PAGE:
            return found
        last = int(rows[-1]["ID"])


def _origin(owner: Owner, entry: Entry) -> str:
    """Short enough for any column, the same for the same entry of the same document."""
    return digest([owner.entity_type_id, owner.b24_id, entry.key])


def _digest(entry: Entry) -> str:
    return digest({**asdict(entry), "date": entry.date.isoformat() if entry.date else "", "amount": plain(entry.amount)})


def _command(entry: Entry, owner: Owner, have: Mapping[str, Any] | None) -> Command:
    fields: dict[str, Any] = {"typeId": "CONFIGURABLE", "completed": True}
    fields |= {"originatorId": owner.originator, "originId": _origin(owner, entry)}
    if owner.responsible_id:
        fields["responsibleId"] = owner.responsible_id
    params: dict[str, Any] = {"fields": fields, "layout": _layout(entry, owner)}
    if have:
        return Command("crm.activity.configurable.update", {"id": have["id"], **params})
    return Command("crm.activity.configurable.add", {"ownerTypeId": owner.entity_type_id, "ownerId": owner.b24_id, **params})


def _layout(entry: Entry, owner: Owner) -> dict[str, Any]:
    header: dict[str, Any] = {"title": _title(entry)}
    if entry.cancelled:
        header["tags"] = {"state": {"type": "warning", "title": _("cancelled")}}
    blocks = {"amount": _block(_("Sum"), money(entry), bold=True)}
    if entry.number:
        blocks["number"] = _block(_("Number"), entry.number)
    if entry.date:
        blocks["date"] = _block(_("Date"), formats.date_format(entry.date, "SHORT_DATE_FORMAT"))
    if entry.method:
        blocks["method"] = _block(_("How"), {"bank": _("by bank"), "cash": _("in cash"), "card": _("by card")}[entry.method])
    if entry.lines:
        blocks["lines"] = _block(_("Lines"), str(entry.lines))
    # What b24app.elements reads when the button is pressed.
    opened = {"entry": entry.key[:100], "type": owner.entity_type_id, "id": owner.b24_id}
    button = {
        "title": _("Open in 1C exchange"),
        "type": "primary",
        "action": {"type": "openRestApp", "actionParams": opened},
    }
    return {
        "icon": {"code": _ICON},
        "header": header,
        "body": {"logo": {"code": _ICON}, "blocks": blocks},
        "footer": {"buttons": {"open": button}},
    }


def _title(entry: Entry) -> str:
    if entry.kind == "payment":
        return _("1C: money returned") if entry.returned else _("1C: payment")
    return _("1C: goods returned") if entry.returned else _("1C: shipment")


def money(entry: Entry) -> str:
    """The sum in the active language's manner, with its currency's decimals and code."""
    amount = formats.number_format(entry.amount, decimal_pos=minor_units(entry.currency), use_l10n=True, force_grouping=True)
    return f"{amount} {entry.currency}".strip()


def _block(title: str, text: str, *, bold: bool = False) -> dict[str, Any]:
    value: dict[str, Any] = {"value": text}
    if bold:
        value["bold"] = True
    return {"type": "withTitle", "properties": {"title": title, "inline": True, "block": {"type": "text", "properties": value}}}

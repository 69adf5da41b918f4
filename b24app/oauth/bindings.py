"""What the portal calls us for: events and places in its pages, brought to what we want by the difference only.

The plans are pure; `bind` carries them out in batches. Everything is lost when the app is uninstalled and may be lost on
an update, so this runs on every install and update and once a day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command

CONNECTOR = "onec"
APP_EVENTS = ("ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPPAYMENT")
_VERBS = ("ADD", "UPDATE", "DELETE")
_CRM = ("DEAL", "COMPANY", "CONTACT", "DYNAMICITEM", "REQUISITE", "BANKDETAIL")
# Nothing of CATALOG.*: 1C is where goods are kept, and our own push of 100,000 would call us 300,000 times.
OBJECT_EVENTS = (
    *(f"ONCRM{kind}{verb}" for kind in _CRM for verb in _VERBS),
    "ONCRMDEALMOVETOCATEGORY",
    "ONCRMADDRESSREGISTER",
    "ONCRMADDRESSUNREGISTER",
)
PLACEMENTS = (
    "LEFT_MENU",
    "CRM_DEAL_DETAIL_TAB",
    "CRM_COMPANY_DETAIL_TAB",
    "CRM_CONTACT_DETAIL_TAB",
    "CRM_SMART_INVOICE_DETAIL_TAB",
)
Titles = Mapping[str, Mapping[str, str]]  # portal language → {"TITLE": …, "DESCRIPTION": …}


class Batches(Protocol):
    """The one ability of a PortalClient that binding needs."""

    def batch(self, commands: Sequence[Command]) -> list[Outcome]: ...


def plan_events(
    listed: Collection[str], bound: Iterable[Mapping[str, Any]], handler: str, *, connector: str = ""
) -> list[Command]:
    """The event.bind and event.unbind calls that lead from `bound` (event.get) to what we want of `listed` (events).

    Object events are bound twice: online for speed, offline because an online event that fails is lost for good.
    """
    known = {code.upper() for code in listed}
    have = {(str(row.get("event", "")).upper(), bool(int(row.get("offline") or 0))): row for row in bound}
    objects = [code for code in OBJECT_EVENTS if code in known]
    plan: list[Command] = []
    for code in [*APP_EVENTS, *objects]:
        row = have.get((code, False))
        if row is None or row.get("handler") != handler:
            if row is not None:
                plan.append(Command("event.unbind", {"event": code, "handler": row["handler"], "event_type": "online"}))
            plan.append(Command("event.bind", {"event": code, "handler": handler, "event_type": "online"}))
    for code in objects:
        row = have.get((code, True))
        own = {"auth_connector": connector} if connector else {}
        if row is None or (row.get("connector_id") or "") != connector:
            plan.append(Command("event.bind", {"event": code, "event_type": "offline", **own}))
    return plan


def plan_placements(listed: Collection[str], bound: Iterable[Mapping[str, Any]], handler: str, titles: Titles) -> list[Command]:
    """The placement calls that lead from `bound` (placement.get) to ours of `listed` (placement.list)."""
    have: dict[str, Mapping[str, Any]] = {str(row.get("placement", "")): row for row in bound}
    plan: list[Command] = []
    for code in PLACEMENTS:
        if code not in listed:
            continue
        row = have.get(code)
        if row is not None and row.get("handler") == handler and _same_titles(row, titles):
            continue
        if row is not None:
            plan.append(Command("placement.unbind", {"PLACEMENT": code, "HANDLER": row.get("handler", "")}))
        default = titles.get("en") or next(iter(titles.values()))
        names = {"TITLE": default["TITLE"], "LANG_ALL": {language: dict(text) for language, text in titles.items()}}
        plan.append(Command("placement.bind", {"PLACEMENT": code, "HANDLER": handler, **names}))
    return plan


def _same_titles(row: Mapping[str, Any], titles: Titles) -> bool:
    told = row.get("langAll")
    if not isinstance(told, Mapping) or not told:  # PHP shows an empty map as a list
        return bool(row.get("title") == (titles.get("en") or {}).get("TITLE"))
    return all(isinstance(told.get(lang), Mapping) and told[lang].get("TITLE") == text["TITLE"] for lang, text in titles.items())


def carry_out(client: Batches, plan: Sequence[Command], size: int = 25) -> list[dict[str, str]]:
    """Send the plan in batches and return what was refused: [{"method", "what", "code", "text"}].

    "Already binded" (sic) is success: two installations may bind at the same time.
    """
    refused = []
    for start in range(0, len(plan), size):
        for outcome in client.batch(plan[start : start + size]):
            error = outcome.error
            if error is None or "already bind" in error.description.lower() or outcome.command.method.endswith(".unbind"):
                continue
            params = outcome.command.params
            what = str(params.get("event") or params.get("PLACEMENT") or "")
            refused.append({"method": outcome.command.method, "what": what, "code": error.code, "text": error.description[:200]})
    return refused

"""What people in the portal see of 1C's news: entries in the timeline, a notice to the responsible person, the automation's trigger."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate
from exchange.imports.flows import Ask
from exchange.planning.effects import Effects
from exchange.planning.portal_trades import Fresh, whole
from exchange.planning.trade import Trade
from exchange.settling.document_tools import DocumentTools
from exchange.settling.entries import Owner, notification, trigger, trigger_code, write_entries
from exchange.settling.flows import DocumentWork, Learnt

_NEWS: Final = {
    "cancelled": gettext_noop("1C cancelled “%(title)s”."),
    "paid": gettext_noop("1C: “%(title)s” is paid in full."),
    "partly_paid": gettext_noop("1C: “%(title)s” is paid in part."),
    "shipped": gettext_noop("1C: “%(title)s” is shipped."),
}


def tell(
    work: DocumentWork, fresh: Fresh, portal: Trade, effects: Effects | None, tools: DocumentTools, log: Learnt
) -> Generator[Ask, list[Outcome], dict[str, Any] | None]:
    """Bring the timeline in line and tell the news once; returns what is known of the entries (None = there were none to tell)."""
    if effects is None:
        return None
    b24_id = whole(fresh.item["id"])
    owner = Owner(work.entity_type_id, b24_id, work.base.originator, tools.language, portal.responsible_id)
    known = dict(work.known.get("entries") or {})
    if effects.entries or known:
        known = yield from write_entries(effects.entries, owner, known, work.key, unsure=work.unsure)
        # Learnt at once: what follows may fail, and these were added.
        log.learn(work.key, known={**work.known, "entries": known})
        log.added.add(work.key)
    commands = list(_news(work, b24_id, portal, effects, tools))
    if commands:
        outcomes = yield Ask(tuple(commands))
        for outcome in outcomes:
            if outcome.error is not None and outcome.error.fate in (Fate.RETRY, Fate.REFRESH) and not outcome.error.sent:
                raise outcome.error
    return known


def _news(
    work: DocumentWork, b24_id: int, portal: Trade, effects: Effects, tools: DocumentTools
) -> Generator[Command, None, None]:
    rules = work.base.rules.trade
    told = [name for name in effects.news if name in _NEWS]
    if rules.notify_responsible and portal.responsible_id and told:
        with override(tools.language):
            text = " ".join(_(_NEWS[name]) % {"title": portal.title} for name in told)
        text = f"{text} {tools.link(work.entity_type_id, b24_id)}"
        yield notification(portal.responsible_id, text, f"ONEC|{work.entity_type_id}|{b24_id}")
    if rules.automation_trigger:
        for name in told:
            yield trigger(trigger_code(name), work.entity_type_id, b24_id)

"""Elements of the portal's CRM that a person opens us in: which one a placement names, and whether he may see it.

What a placement says is anybody's text. An element is believed only after the portal itself has shown it to the person whose token
came along, so that the CRM's own rights hold (bitrix24: PLACEMENT_OPTIONS).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from b24app.models import Portal
from b24app.oauth.clients import client_as
from b24app.rest.commands import Command
from b24app.rest.errors import Fate

Element = tuple[int, int]  # (entity type, id)
# The portal does not pass the type: the place says it.
CARDS: Final[Mapping[str, int]] = {
    "CRM_DEAL_DETAIL_TAB": 2,
    "CRM_CONTACT_DETAIL_TAB": 3,
    "CRM_COMPANY_DETAIL_TAB": 4,
    "CRM_SMART_INVOICE_DETAIL_TAB": 31,
}
# One request of the portal carries so many questions.
MOST: Final = 50


def named(placement: str, options: Mapping[str, Any]) -> Element | None:
    """The element whose card this is, as the request claims; None for our own pages.

    A button of ours in a timeline opens the main page, and hands over what we wrote into it (entries.py: `type`, `id`, `entry`).
    """
    kind = CARDS.get(placement)
    if kind is not None:
        id = _number(options.get("ID")) or _number(options.get("ENTITY_ID"))
    elif "entry" in options:
        kind, id = _number(options.get("type")), _number(options.get("id"))
    else:
        return None
    return (kind, id) if kind in CARDS.values() and id else None


def readable(portal: Portal, auth_id: str, elements: Collection[Element]) -> frozenset[Element]:
    """Those of the elements that the portal shows to the person of this token. Raises RestError when the portal does not answer."""
    asked = list(dict.fromkeys(elements))[:MOST]
    if not asked or not auth_id:
        return frozenset()
    commands = [Command("crm.item.get", {"entityTypeId": kind, "id": id}) for kind, id in asked]
    seen = set()
    for element, outcome in zip(asked, client_as(portal, auth_id).batch(commands), strict=True):
        if outcome.error is None:
            item = outcome.result.get("item") if isinstance(outcome.result, dict) else None
            if isinstance(item, dict) and _number(item.get("id")) == element[1]:
                seen.add(element)
        elif outcome.error.fate is Fate.RETRY:
            raise outcome.error
    return frozenset(seen)


def _number(value: object) -> int:
    text = str(value if value is not None else "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

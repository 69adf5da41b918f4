"""What the portal, 1C and the app know in the end, in names that do not depend on the order in which things were made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.onec.orderbook import OrderBook
from sandbox.portal.server import PortalServer

Fact = tuple[Any, ...]
Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
INVOICE, COMPANY = 31, 4
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
# Rows of one base that are not at rest. What waits for longer than an hour would stay so, whatever the test lets pass.
UNREST = (
    ("file not read", "select file_name from exchange_importrun where base_id = %s and state in ('waiting', 'reading')"),
    ("goods due", "select kind, onec_id from exchange_staterow where base_id = %s and pushed_version < version"),
    ("goods marked", "select kind, onec_id from exchange_staterow where base_id = %s and adding_since is not null"),
    ("document due", "select number from exchange_tradedocument where base_id = %s and settled_version < version"),
    ("document marked", "select number from exchange_tradedocument where base_id = %s and adding_since is not null"),
    (
        "document not taken",
        "select number from exchange_tradedocument where base_id = %s and acknowledged_version < outgoing_version and ready_at is not null",
    ),
    ("party due", "select b24_id from exchange_tradeparty where base_id = %s and settled_version < version"),
    ("set aside", "select number from exchange_tradedocument where base_id = %s and set_aside_at is not null"),
)
FAR = (
    ("goods wait", "select onec_id from exchange_staterow where base_id = %s and not_before > now() + interval '1 hour'"),
    ("document waits", "select number from exchange_tradedocument where base_id = %s and not_before > now() + interval '1 hour'"),
    ("party waits", "select b24_id from exchange_tradeparty where base_id = %s and not_before > now() + interval '1 hour'"),
    (
        "lane waits",
        "select work from b24app_lane lane join exchange_onecbase base using (portal_id)"
        " where base.id = %s and greatest(due_at, lease_until) > now() + interval '1 hour'",
    ),
    (
        "heard waits",
        "select b24_id from exchange_heardobject heard join exchange_onecbase base using (portal_id)"
        " where base.id = %s and not_before > now() + interval '1 hour'",
    ),
    ("reading waits", "select file_name from exchange_importrun where base_id = %s and lease_until > now() + interval '1 hour'"),
)
PROBLEMS = "select cause from exchange_problem where base_id = %s and closed_at is null"
TROUBLE = "select trouble from b24app_portal portal join exchange_onecbase base on base.portal_id = portal.id where base.id = %s"


def goods(portal: PortalServer) -> list[Fact]:
    """The catalogue: every thing that came from 1C, by 1C's ids."""
    state = portal.state
    sections = {row["id"]: row.get("xmlId") or row["name"] for row in state["sections"]}
    types = {row["id"]: row.get("xmlId") or row["name"] for row in state["price_types"]}
    prices: dict[Any, list[Fact]] = {}
    for row in state["prices"]:
        prices.setdefault(row["productId"], []).append((types.get(row["catalogGroupId"]), str(row["price"]), row["currency"]))
    pictures = Counter(row["productId"] for row in state["images"])
    facts: list[Fact] = [("section", name) for name in sections.values()]
    facts += [("price type", name) for name in types.values()]
    facts += [("property", row.get("xmlId") or row["name"]) for row in state["properties"]]
    facts += [("option", row.get("xmlId"), row["value"]) for row in state["enums"]]
    for row in state["products"]:
        told = (row.get("xmlId"), row["type"], row["name"], row.get("active"), sections.get(row.get("iblockSectionId")))
        more = (str(row.get("quantity")), sorted(prices.get(row["id"], [])), bool(row.get("previewPicture")), pictures[row["id"]])
        facts.append(("product", *told, *more))
    return sorted(facts, key=repr)


def documents(portal: PortalServer, book: OrderBook) -> list[Fact]:
    """Invoices with their rows, buyers, own fields and timeline; 1C's orders."""
    state = portal.state
    names = {int(row["id"]): row["xmlId"] for row in state["products"]}
    facts: list[Fact] = []
    for item in state[f"items_{INVOICE}"]:
        rows = state.where("productrows", ownerId=item["id"], ownerType="SI")
        lines = sorted(
            (
                names.get(int(row["productId"] or 0), row["productName"]),
                str(row["price"]),
                str(row["quantity"]),
                str(row["taxRate"]),
            )
            for row in rows
        )
        own = sorted((name, _undated(str(value))) for name, value in item.items() if name.startswith("ufCrm") and value)
        told = (item["title"], str(item["opportunity"]), item["currencyId"], item["stageId"], item.get("comments") or "")
        facts.append(("invoice", *told, lines, own))
    for item in state[f"items_{COMPANY}"]:
        owned = state.where("requisites", ENTITY_TYPE_ID=str(COMPANY), ENTITY_ID=str(item["id"]))
        facts.append(("company", item["title"], sorted(str(row.get("RQ_INN")) for row in owned)))
    facts += [("contact", row.get("name"), row.get("lastName")) for row in state["items_3"]]
    facts += [("entry", row["ownerTypeId"], row["fields"].get("originId")) for row in state["activities"]]
    for order in book.orders.values():
        buyer = (order.buyer.name, order.buyer.inn) if order.buyer else ()
        ordered = sorted((line.id, line.quantity, line.price, line.sum) for line in order.lines)
        facts.append(("order", order.number, order.sum, order.comment, order.cancelled or order.deleted, buyer, ordered))
    return sorted(facts, key=repr)


def _undated(value: str) -> str:
    """Moments differ with the day on which a clock said that something was made."""
    return "a moment" if _MOMENT.match(value) else value


def unrest(ask: Ask, base_id: int) -> list[Fact]:
    """What of a base is not at rest, and problems that are open."""
    found: list[Fact] = [(name, *row) for name, sql in UNREST for row in ask(sql, [base_id])]
    found += [("problem", *row) for row in ask(PROBLEMS, [base_id])]
    found += [("trouble", *row) for row in ask(TROUBLE, [base_id]) if row[0]]
    return sorted(found, key=repr)


def stuck(ask: Ask, base_id: int) -> list[Fact]:
    """What would wait for longer than an hour."""
    return [(name, *row) for name, sql in FAR for row in ask(sql, [base_id])]


def listed(ask: Ask, base_id: int) -> set[str]:
    """What people are told of at this moment: causes of problems, and the trouble with the portal."""
    return {str(row[0]) for sql in (PROBLEMS, TROUBLE) for row in ask(sql, [base_id]) if row[0]}


def difference(wanted: Sequence[Fact], found: Sequence[Fact]) -> list[str]:
    """What is missing and what is too much, a line each."""
    left, right = [repr(fact) for fact in wanted], [repr(fact) for fact in found]
    missing, extra = list(left), []
    for text in right:
        if text in missing:
            missing.remove(text)
        else:
            extra.append(text)
    return [f"- {text}" for text in missing] + [f"+ {text}" for text in extra]

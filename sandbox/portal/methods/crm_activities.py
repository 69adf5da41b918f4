"""crm.activity.list: what applications read back of the activities they made."""

from __future__ import annotations

from sandbox.portal.listing import conditions, page
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

NAMES = frozenset(
    {"ID", "OWNER_ID", "OWNER_TYPE_ID", "TYPE_ID", "PROVIDER_ID", "PROVIDER_TYPE_ID", "SUBJECT", "COMPLETED", "RESPONSIBLE_ID"}
    | {"ORIGINATOR_ID", "ORIGIN_ID", "DEADLINE"}
)


@method("crm.activity.list", "select:array filter:array order:array start", scope="crm")
def activity_list(call: Call) -> Page:
    """Activities of CRM objects by filter; every value is a text, as the older methods of the CRM give them."""
    test = conditions(call.get("filter") or {}, NAMES.__contains__)
    rows = [shown for row in call.store.all("activities") if test(shown := _shown(row))]
    found = page(call, rows, call.get("order"), ids="ID")
    select = {str(name) for name in call.get("select") or ()} or {"*"}
    kept = NAMES if "*" in select else select | {"ID"}
    result = [{name: _text(value) for name, value in row.items() if name in kept} for row in found.result]
    return Page(result, found.total, found.next)


def _shown(row: Row) -> Row:
    own = row["kind"] == "configurable"
    fields: Row = row["fields"] if own else {}
    return {
        "ID": row["id"],
        "OWNER_ID": row["ownerId"],
        "OWNER_TYPE_ID": row["ownerTypeId"],
        "TYPE_ID": 6,
        "PROVIDER_ID": "CONFIGURABLE_REST_APP" if own else "CRM_TODO",
        "PROVIDER_TYPE_ID": fields.get("typeId") if own else "TODO",
        "SUBJECT": row["layout"]["header"]["title"] if own else row.get("title") or "",
        "COMPLETED": "Y" if fields.get("completed") else "N",
        "RESPONSIBLE_ID": fields.get("responsibleId") if own else row.get("responsibleId"),
        "ORIGINATOR_ID": fields.get("originatorId"),
        "ORIGIN_ID": fields.get("originId"),
        "DEADLINE": fields.get("deadline") if own else row.get("deadline"),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)

"""What a portal is like: read once per installation (and daily), cached on `Portal.facts`, so that no page has to ask.

Shape of the facts:
    app           {"id", "code", "version"} of our app on that portal, as app.info says
    licence       "ru_ent10000"; box: bool (a self-hosted portal)
    language      the portal's own language ("ru")
    scope         ["catalog", "crm", …] granted; missing_scope: what we need and do not have
    features      {"rest_auth_connector": bool, "rest_offline_extended": bool}
    catalog       {"iblock_id", "offers_iblock_id", "sku_property_id"} (null where there is none)
    warehouse_accounting   True, False, or null when it could not be asked
    base_currency "RUB" ("" when it could not be asked)
    time_zone     "Europe/Moscow", as the administrator's profile names it ("" = it names none)
    utc_offset    seconds that the portal's own clock is ahead of UTC (null when it could not be asked)
    read_at       ISO time
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command

NEEDED_SCOPE = ("catalog", "crm", "placement")
FEATURES = ("rest_auth_connector", "rest_offline_extended")
CATALOG_FIELDS = ["id", "iblockId", "iblockTypeId", "productIblockId", "skuPropertyId"]
QUESTIONS: tuple[tuple[str, Command], ...] = (
    ("app", Command("app.info")),
    ("scope", Command("scope")),
    *((feature, Command("feature.get", {"CODE": feature})) for feature in FEATURES),
    ("catalogs", Command("catalog.catalog.list", {"select": CATALOG_FIELDS})),
    ("accounting", Command("catalog.document.mode.status")),
    ("currency", Command("crm.currency.base.get")),
    ("profile", Command("profile")),
    ("time", Command("server.time")),
    ("events", Command("events", {"FULL": True})),
    ("bound_events", Command("event.get")),
    ("placements", Command("placement.list")),
    ("bound_placements", Command("placement.get")),
)


def answers(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Name → result of the questions that were answered; a refused one is absent."""
    return {name: outcome.result for (name, _), outcome in zip(QUESTIONS, outcomes, strict=True) if outcome.error is None}


def facts_from(told: Mapping[str, Any], read_at: str) -> dict[str, Any]:
    """The facts (see the module) from the answers; anything not answered gets its neutral value."""
    app = told.get("app")
    app = app if isinstance(app, Mapping) else {}
    licence = str(app.get("LICENSE") or "")
    scope = _names(told.get("scope"))
    accounting = told.get("accounting")
    return {
        "app": {"id": app.get("ID"), "code": str(app.get("CODE") or ""), "version": app.get("VERSION")},
        "licence": licence,
        "box": licence.endswith("_selfhosted"),
        "language": str(app.get("LANGUAGE_ID") or ""),
        "scope": scope,
        "missing_scope": [name for name in NEEDED_SCOPE if scope and name not in scope],
        # A self-hosted portal answers with its licence instead of Y or N: anything but N is worth a try.
        "features": {name: name in told and _flag(told[name]) != "N" for name in FEATURES},
        "catalog": catalog_of(told.get("catalogs")),
        "warehouse_accounting": accounting == "Y" if accounting in ("Y", "N") else None,
        "base_currency": str(told.get("currency") or ""),
        "time_zone": _zone(told.get("profile")),
        "utc_offset": _offset(told.get("time"), told.get("profile")),
        "read_at": read_at,
    }


def _zone(profile: Any) -> str:
    """The zone that `profile` names; people who never chose one have "" there, and the portal's own time counts."""
    name = str(profile.get("TIME_ZONE") or "") if isinstance(profile, Mapping) else ""
    try:
        return zoneinfo.ZoneInfo(name).key if name else ""
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def _offset(time: Any, profile: Any) -> int | None:
    """`server.time` writes the portal's time with its offset ("2024-08-05T12:02:13+03:00"); a profile's own counts from that one."""
    try:
        offset = dt.datetime.fromisoformat(str(time)).utcoffset()
    except ValueError:
        return None
    own = str(profile.get("TIME_ZONE_OFFSET") or "0") if isinstance(profile, Mapping) else "0"
    more = int(own) if own.lstrip("-").isdecimal() else 0
    return None if offset is None else int(offset.total_seconds()) + more


def _flag(value: Any) -> str:
    return str(value.get("value") if isinstance(value, Mapping) else value)


def _names(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    return sorted(str(name) for name in value) if isinstance(value, list) else []


def catalog_of(value: Any) -> dict[str, int | None]:
    """The CRM's product catalogue and its offers; when a shop adds others, the CRM's own type or one with offers wins."""
    rows = value.get("catalogs") if isinstance(value, Mapping) else value
    rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    offers = {int(row["productIblockId"]): row for row in rows if row.get("productIblockId")}
    products = [row for row in rows if not row.get("productIblockId")]
    if not products:
        return {"iblock_id": None, "offers_iblock_id": None, "sku_property_id": None}

    def rank(row: Mapping[str, Any]) -> tuple[bool, bool, int]:
        number = int(row["iblockId"])
        return row.get("iblockTypeId") != "CRM_PRODUCT_CATALOG", number not in offers, number

    iblock = int(min(products, key=rank)["iblockId"])
    mate = offers.get(iblock)
    return {
        "iblock_id": iblock,
        "offers_iblock_id": int(mate["iblockId"]) if mate else None,
        "sku_property_id": int(mate["skuPropertyId"]) if mate and mate.get("skuPropertyId") else None,
    }

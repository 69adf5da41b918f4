"""What the portal has that settings can point to: price types, stores, currencies, own companies, people, pipelines.

Read when a person opens the settings, kept in `Portal.facts["choices"]` (pipelines where settling keeps them, `facts["trade"]`):
{"price_types": [{"id", "name", "base", "xml_id"}], "stores": [{"id", "name", "active"}], "measures": [{"id", "name", "code"}],
"sections": [{"id", "name"}], "currencies": [{"code", "name", "base"}], "my_companies": [{"id", "name", "tax_id"}], "users": [{"id", "name"}],
"presets": [{"id", "name", "country"}], "triggers": bool, "read_at": ISO time, "failed": code or ""}.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from b24app.models import Portal
from b24app.oauth.clients import PERSON_SECONDS, client_for
from b24app.rest.batching import BATCH_LIMIT, Outcome
from b24app.rest.client import PortalClient
from b24app.rest.commands import Command
from b24app.rest.errors import NO_ANSWER, RestError, make
from b24app.rest.lists import PAGE, rows
from exchange.imports.flows import Ask
from exchange.imports.reference_commands import list_page
from exchange.planning.portal_parties import Row, preset_of, tax_of, text, whole
from exchange.planning.trade import COMPANY
from exchange.settling import party_commands as commands
from exchange.settling.pipelines import read_pipelines
from exchange.settling.requisites import READ_PRESETS

log = logging.getLogger(__name__)

FACT: Final = "choices"
_FRESH: Final = dt.timedelta(minutes=10)
# After the portal could not be asked, nobody waits for it again so soon.
_AGAIN: Final = dt.timedelta(minutes=1)
_MOST_PAGES: Final = 20
# Somebody waits for the page meanwhile.
_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Something of the portal; `main`: the base price type, the base currency; `note`: a tax id, an external id."""

    id: int
    name: str
    main: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency that the portal has."""

    code: str
    name: str
    base: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a pipeline; `semantics`: S success, F failure, "" on the way."""

    id: str
    name: str
    semantics: str = ""


@dataclass(frozen=True, slots=True)
class PipelineChoice:
    """A pipeline of deals (2) or invoices (31) with its stages in their order."""

    entity_type_id: int
    id: int
    name: str
    default: bool
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """The portal's side; `known`: it has been read. `failed`: why it could not be read the last time ("" = it was)."""

    price_types: tuple[Choice, ...] = ()
    stores: tuple[Choice, ...] = ()
    measures: tuple[Choice, ...] = ()
    sections: tuple[Choice, ...] = ()
    currencies: tuple[Currency, ...] = ()
    my_companies: tuple[Choice, ...] = ()
    users: tuple[Choice, ...] = ()
    pipelines: tuple[PipelineChoice, ...] = ()
    presets: tuple[Choice, ...] = ()  # templates of requisites, `note` is their country
    triggers: bool = True  # the portal has triggers of automation, as far as it told
    known: bool = False
    failed: str = ""


def choices_of(facts: Mapping[str, Any]) -> Choices:
    """What the portal's facts tell."""
    kept = facts.get(FACT) or {}
    pipelines = (facts.get("trade") or {}).get("pipelines", ())
    return Choices(
        tuple(_choice(row, row.get("base"), row.get("xml_id")) for row in kept.get("price_types", ())),
        tuple(_choice(row) for row in kept.get("stores", ())),
        tuple(_choice(row, note=row.get("code")) for row in kept.get("measures", ())),
        tuple(_choice(row) for row in kept.get("sections", ())),
        tuple(Currency(str(row["code"]), str(row["name"]), bool(row.get("base"))) for row in kept.get("currencies", ())),
        tuple(_choice(row, note=row.get("tax_id")) for row in kept.get("my_companies", ())),
        tuple(_choice(row) for row in kept.get("users", ())),
        tuple(_pipeline(row) for row in pipelines),
        tuple(_choice(row, note=row.get("country")) for row in kept.get("presets", ())),
        triggers=kept.get("triggers") is not False,
        known=bool(kept.get("read_at")),
        failed=str(kept.get("failed") or ""),
    )


def _choice(row: Mapping[str, Any], main: Any = False, note: Any = "") -> Choice:
    return Choice(int(row["id"]), str(row["name"]), bool(main), str(note or ""))


def _pipeline(row: Mapping[str, Any]) -> PipelineChoice:
    stages = sorted(row.get("stages", ()), key=lambda stage: int(stage.get("sort") or 0))
    return PipelineChoice(
        int(row["entity_type_id"]),
        int(row["id"]),
        str(row.get("name") or ""),
        bool(row.get("default")),
        tuple(Stage(str(one["id"]), str(one["name"]), str(one.get("semantics") or "")) for one in stages),
    )


def refresh(portal: Portal, *, anew: bool = False) -> None:
    """Read the portal's side if that was long ago (or `anew`); when it cannot be asked, what was known stays. Never raises RestError."""
    kept = portal.facts.get(FACT) or {}
    now = timezone.now()
    if (not anew and _since(kept.get("read_at"), now) < _FRESH) or _since(kept.get("failed_at"), now) < _AGAIN:
        return
    if portal.trouble or not portal.client_endpoint:
        return
    try:
        found, pipelines = _driven(_read(portal), client_for(portal, urgent=True, limit=PERSON_SECONDS))
    except (RestError, ValueError, KeyError, TypeError) as error:
        # An answer that nobody can read must not keep people from their settings.
        log.warning("choices: portal %s could not be asked: %s", portal.pk, error)
        code = error.code if isinstance(error, RestError) else "UNREADABLE"
        _keep(portal, {FACT: {**kept, "failed": code, "failed_at": now.isoformat()}})
        return
    _keep(portal, {FACT: {**found, "read_at": now.isoformat(), "failed": ""}, "trade": {"pipelines": pipelines}})


def _since(moment: Any, now: dt.datetime) -> dt.timedelta:
    return now - dt.datetime.fromisoformat(moment) if moment else dt.timedelta.max


Reading = tuple[dict[str, Any], list[dict[str, Any]]]


def _read(portal: Portal) -> Generator[Ask, list[Outcome], Reading]:
    """Everything, in five requests on an ordinary portal. Raises RestError only when nothing at all could be asked."""
    mine = {"entityTypeId": COMPANY, "select": ["id", "title"], "filter": {"=isMyCompany": "Y"}, "order": {"id": "ASC"}}
    languages = {"lang": str(portal.facts.get("language") or portal.language or "ru")}
    asked = {
        "types": list_page("catalog.priceType.list", ["id", "name", "base", "xmlId"], {}),
        "names": list_page("catalog.priceTypeLang.list", ["id", "catalogGroupId", "name", "lang"], languages),
        "measures": list_page("catalog.measure.list", ["id", "code", "measureTitle", "symbol"], {}),
        "stores": list_page("catalog.store.list", ["id", "title", "active"], {}),
        "mine": Command("crm.item.list", mine),
        "users": Command("user.get", {"filter": {"ACTIVE": True, "USER_TYPE": "employee"}, "sort": "LAST_NAME", "order": "ASC"}),
        "currencies": Command("crm.currency.list"),
        "presets": READ_PRESETS,
    }
    iblock = (portal.facts.get("catalog") or {}).get("iblock_id")
    if iblock:
        asked["sections"] = list_page("catalog.section.list", ["id", "iblockId", "name", "iblockSectionId"], {"iblockId": iblock})
    lists = yield from _lists(asked)
    companies = {whole(row["id"]): text(row, "title") for row in lists["mine"]}
    taxes = yield from _tax_ids(list(companies))
    pipelines = yield from read_pipelines()
    (triggers,) = yield Ask((Command("crm.automation.trigger.list"),))
    named = {whole(row["catalogGroupId"]): text(row, "name") for row in lists["names"]}
    return {
        "price_types": [
            {
                "id": whole(row["id"]),
                "name": named.get(whole(row["id"])) or text(row, "name"),
                "base": row.get("base") == "Y",
                "xml_id": text(row, "xmlId"),
            }
            for row in lists["types"]
        ],
        "measures": [
            {"id": whole(row["id"]), "name": text(row, "measureTitle") or text(row, "symbol"), "code": text(row, "code")}
            for row in lists["measures"]
        ],
        "sections": [{"id": id, "name": name} for id, name in _paths(lists.get("sections", []))],
        "stores": [
            {"id": whole(row["id"]), "name": text(row, "title"), "active": row.get("active") != "N"} for row in lists["stores"]
        ],
        "currencies": [_currency(row) for row in lists["currencies"]],
        "my_companies": [{"id": id, "name": name, "tax_id": taxes.get(id, "")} for id, name in companies.items()],
        "presets": [
            {"id": one.id, "name": one.name, "country": one.country} for one in map(preset_of, lists["presets"]) if one.active
        ],
        "triggers": triggers.error is None,
        "users": [{"id": whole(row["ID"]), "name": _name(row)} for row in lists["users"]],
    }, pipelines


def _paths(sections: list[Row]) -> list[tuple[int, str]]:
    """Sections by the names of all that they are in."""
    named = {whole(row["id"]): (text(row, "name"), whole(row.get("iblockSectionId"))) for row in sections}

    def path(id: int, depth: int = 0) -> str:
        name, parent = named[id]
        return f"{path(parent, depth + 1)} / {name}" if parent in named and depth < 20 else name

    return sorted(((id, path(id)) for id in named), key=lambda one: one[1].casefold())


def _lists(asked: Mapping[str, Command]) -> Generator[Ask, list[Outcome], dict[str, list[Row]]]:
    """Every list with all its pages, their first pages together; one that is refused (a right, a tariff) counts as empty."""
    outcomes = yield Ask(tuple(asked.values()))
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if len(errors) == len(outcomes):
        raise errors[0]
    found: dict[str, list[Row]] = {}
    further: list[tuple[str, Command]] = []
    for (name, command), outcome in zip(asked.items(), outcomes, strict=True):
        found[name] = [] if outcome.error is not None else list(rows(outcome.result))
        if outcome.next:
            starts = range(outcome.next, min(outcome.total or 0, _MOST_PAGES * PAGE), PAGE)
            further += [(name, Command(command.method, {**command.params, "start": start})) for start in starts]
    if further:
        pages = yield Ask(tuple(command for _, command in further))
        for (name, _), outcome in zip(further, pages, strict=True):
            found[name] += [] if outcome.error is not None else rows(outcome.result)
    return found


def _tax_ids(companies: list[int]) -> Generator[Ask, list[Outcome], dict[int, str]]:
    if not companies:
        return {}
    lists = yield from _lists({"taxes": commands.find_requisites(ENTITY_TYPE_ID=COMPANY, ENTITY_ID=companies)})
    found: dict[int, str] = {}
    for row in lists["taxes"]:
        number = tax_of(row)[0]
        if number:
            found.setdefault(whole(row["ENTITY_ID"]), number)
    return found


def _currency(row: Mapping[str, Any]) -> dict[str, Any]:
    code = str(row.get("CURRENCY") or "")
    return {"code": code, "name": str(row.get("FULL_NAME") or code), "base": row.get("BASE") == "Y"}


def _name(row: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (text(row, "LAST_NAME"), text(row, "NAME")))) or f"#{row['ID']}"


def _driven(flow: Generator[Ask, list[Outcome], Reading], client: PortalClient) -> Reading:
    outcomes: list[Outcome] | None = None
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        try:
            ask = flow.send(outcomes)  # type: ignore[arg-type]
        except StopIteration as end:
            result: Reading = end.value
            return result
        outcomes = []
        for start in range(0, len(ask.commands), BATCH_LIMIT):
            outcomes += client.batch(ask.commands[start : start + BATCH_LIMIT])
    raise make(NO_ANSWER)


def _keep(portal: Portal, news: Mapping[str, Mapping[str, Any]]) -> None:
    """Each into the fact of its name, beside whatever else is kept there meanwhile."""
    with connection.cursor() as cursor:
        for fact, value in news.items():
            cursor.execute(
                """update b24app_portal set facts = facts || jsonb_build_object(%s::text, coalesce(facts -> %s, '{}') || %s::jsonb)
                   where id = %s""",
                [fact, fact, json.dumps(dict(value), ensure_ascii=False), portal.pk],
            )
    portal.refresh_from_db(fields=["facts"])

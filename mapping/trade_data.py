"""Rules about documents as stored JSON. Read tolerantly: what an older or newer version of the app wrote, or a person edited, never
stops the exchange; a value that makes no sense counts as not set. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar, cast

from mapping.trade_rules import (
    DOCUMENT_FIELDS,
    PARTY_FIELDS,
    Agreement,
    Direction,
    KindRules,
    Owner,
    PartyRules,
    StatusRule,
    TradeRules,
)

K = TypeVar("K")
V = TypeVar("V")
_OWNERS: Final = ("portal", "onec", "last")
_DIRECTIONS: Final = ("both", "to_onec", "to_portal")
_NO_TERMS: Final = Agreement(id="")
_STAGES: Final = ("from_stage", "stage_paid", "stage_partly_paid", "stage_shipped", "stage_cancelled")


def trade_rules(data: Any) -> TradeRules:
    """The rules that `trade_data` stored; anything missing or senseless has its default."""
    told = _mapping(data)
    default = TradeRules()
    return TradeRules(
        invoices=_kind(told.get("invoices"), default.invoices),
        deals=_kind(told.get("deals"), default.deals),
        statuses=tuple(rule for item in _list(told.get("statuses")) if (rule := _status(_mapping(item))) is not None),
        agreements=tuple(terms for item in _list(told.get("agreements")) if (terms := _agreement(_mapping(item))) != _NO_TERMS),
        parties=_parties(_mapping(told.get("parties"))),
        document_owners=_owners(told.get("document_owners"), DOCUMENT_FIELDS),
        party_owners=_owners(told.get("party_owners"), PARTY_FIELDS),
        organisations=_pairs(told.get("organisations"), str, _number),
        warehouse=_text(told.get("warehouse")),
        responsible=_pairs(told.get("responsible"), str, _number),
        notify_responsible=_flag(told.get("notify_responsible"), default.notify_responsible),
        automation_trigger=_flag(told.get("automation_trigger"), default.automation_trigger),
        poison_after=max(1, _number(told.get("poison_after")) or default.poison_after),
    )


def trade_data(rules: TradeRules) -> dict[str, Any]:
    """The rules as JSON; what is at its default is left out, so that a better default of a later version reaches everybody."""
    default = TradeRules()
    data: dict[str, Any] = {}
    for field in fields(rules):
        value, usual = getattr(rules, field.name), getattr(default, field.name)
        if value != usual:
            data[field.name] = _differing(value, usual) if isinstance(value, KindRules | PartyRules) else _stored(value)
    return data


def _differing(value: KindRules | PartyRules, usual: KindRules | PartyRules) -> dict[str, Any]:
    names = [field.name for field in fields(value)]
    return {name: _stored(getattr(value, name)) for name in names if getattr(value, name) != getattr(usual, name)}


def _stored(value: Any) -> Any:
    match value:
        case frozenset():
            return sorted(value)
        case dt.date():
            return value.isoformat()
        case Mapping():
            return {str(key): _stored(item) for key, item in value.items()}
        case tuple():
            return [_stored(item) for item in value]
    if isinstance(value, KindRules | StatusRule | Agreement | PartyRules):
        return {field.name: _stored(getattr(value, field.name)) for field in fields(value)}
    return value


def _kind(data: Any, default: KindRules) -> KindRules:
    told = _mapping(data)
    stages = {name: _pairs(told.get(name), _number, _text) for name in _STAGES}
    pipeline = told.get("pipeline_for_new")
    return KindRules(
        travels=_flag(told.get("travels"), default.travels),
        pipelines=_numbers(told.get("pipelines")),
        all_pipelines=_flag(told.get("all_pipelines"), default.all_pipelines),
        my_companies=_numbers(told.get("my_companies")),
        from_date=_date(told.get("from_date")),
        made_from_onec=_flag(told.get("made_from_onec"), default.made_from_onec),
        pipeline_for_new=_number(pipeline) if pipeline is not None else None,
        **stages,
    )


def _status(told: Mapping[str, Any]) -> StatusRule | None:
    direction = told.get("direction", "both")
    kind, pipeline, stage, onec = (told.get(name) for name in ("entity_type_id", "pipeline", "stage_id", "onec"))
    if _number(kind) not in (2, 31) or not _text(stage) or not _text(onec) or direction not in _DIRECTIONS:
        return None
    return StatusRule(_number(kind), _number(pipeline), _text(stage), _text(onec), cast(Direction, direction))


def _agreement(told: Mapping[str, Any]) -> Agreement:
    texts = {name: _text(told.get(name)) for name in ("id", "name", "organisation", "price_type", "currency", "warehouse")}
    vat, company, pipeline = told.get("vat_included"), told.get("my_company"), told.get("pipeline")
    return Agreement(
        **texts,
        vat_included=vat if isinstance(vat, bool) else None,
        my_company=None if company is None else _number(company),
        pipeline=None if pipeline is None else _number(pipeline),
        default=_flag(told.get("default"), False),
    )


def _parties(told: Mapping[str, Any]) -> PartyRules:
    default = PartyRules()
    flags = {
        name: _flag(told.get(name), True)
        for name in ("by_id", "by_tax_id_and_branch", "by_tax_id", "by_phone_or_email", "by_name", "create")
    }
    country = _text(told.get("country")).upper()
    presets = _pairs(told.get("presets"), str, _number)
    return PartyRules(**flags, presets=presets, country=country if len(country) == 2 else default.country)


def _owners(data: Any, defaults: Mapping[str, Owner]) -> dict[str, Owner]:
    told = _mapping(data)
    return {name: cast(Owner, told[name]) if told.get(name) in _OWNERS else owner for name, owner in defaults.items()}


def _pairs(data: Any, key: Callable[[Any], K], value: Callable[[Any], V]) -> dict[K, V]:
    return {
        key(name): value(item) for name, item in _mapping(data).items() if value(item) or (value(item) == 0 and item in (0, "0"))
    }


def _mapping(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


def _list(data: Any) -> Iterable[Any]:
    return data if isinstance(data, list | tuple) else ()


def _numbers(data: Any) -> frozenset[int]:
    return frozenset(_number(item) for item in _list(data) if str(item).lstrip("-").isdecimal())


def _number(value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _flag(value: Any, default: bool) -> bool:
    return value if isinstance(value, bool) else default


def _date(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None

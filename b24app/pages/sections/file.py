"""Settings as a file: what is written into it, and what of a file can be taken by another base or portal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from django.utils.translation import gettext as _

from b24app.pages.sections import labels
from b24app.pages.sections.facts import Facts
from exchange.models import OneCBase
from mapping.rules import Rules, from_data, to_data
from mapping.trade_rules import LEAVE, Agreement, KindRules, StatusRule, TradeRules

K = TypeVar("K")
V = TypeVar("V")

FORMAT: Final = "bitrix24-1c-settings"
LARGEST: Final = 256 * 1024
_STAGES: Final = ("from_stage", "stage_paid", "stage_partly_paid", "stage_shipped", "stage_cancelled")


class NotSettings(ValueError):
    """The file holds no settings; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What of the settings fits, and what does not: (setting, value) in words. `unsure`: the portal's side is not known."""

    rules: Rules
    left_out: tuple[tuple[str, str], ...] = ()
    unsure: bool = False


def written(base: OneCBase, rules: Rules) -> str:
    """The file."""
    told = {"format": FORMAT, "version": 1, "base": base.name, "configuration": base.configuration, "settings": to_data(rules)}
    return json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def read_file(content: bytes) -> Rules:
    """The settings in a file. Raises NotSettings."""
    if len(content) > LARGEST:
        raise NotSettings(_("The file is larger than settings ever are."))
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise NotSettings(_("This is no file of settings: it cannot be read.")) from None
    settings = told.get("settings") if isinstance(told, Mapping) and told.get("format") == FORMAT else None
    if not isinstance(settings, Mapping):
        raise NotSettings(_("This is no file of settings of this application."))
    if told.get("version") != 1:
        raise NotSettings(_("The file was written by a newer version of the application."))
    return rules_in(settings)


def rules_in(settings: Mapping[str, Any]) -> Rules:
    """The rules in settings that came from outside. Raises NotSettings for characters that nothing here can hold."""
    rules = from_data(settings)
    try:
        text = json.dumps(to_data(rules), ensure_ascii=False)
        text.encode()
    except (UnicodeEncodeError, ValueError):
        raise NotSettings(_("This is no file of settings: it cannot be read.")) from None
    if "\\u0000" in text:
        raise NotSettings(_("This is no file of settings: it cannot be read."))
    return rules


def fitted(rules: Rules, facts: Facts) -> Fitted:
    """The settings without what points to things that this portal or this 1C does not have."""
    if not facts.portal.known:
        return Fitted(rules, unsure=True)
    work = _Fitting(facts)
    return Fitted(work.rules(rules), tuple(work.left_out))


class _Fitting:
    """Takes out what does not fit, and notes it."""

    def __init__(self, facts: Facts) -> None:
        there = facts.portal
        self.left_out: list[tuple[str, str]] = []
        self.names = labels.names(facts)
        self.types = {one.id for one in there.price_types}
        self.measures = {one.id for one in there.measures}
        self.sections = {one.id for one in there.sections}
        self.presets = {one.id for one in there.presets}
        self.users = {one.id for one in there.users}
        self.companies = {one.id for one in there.my_companies}
        self.pipelines = {(one.entity_type_id, one.id) for one in there.pipelines}
        self.stages = {(one.entity_type_id, one.id, stage.id) for one in there.pipelines for stage in one.stages}
        # What 1C has not told of yet may still come.
        self.onec_types = {one.id for one in facts.price_types}
        self.onec_stores = {one.id for one in facts.warehouses}

    def rules(self, told: Rules) -> Rules:
        base = told.base_price_type
        if base and self.onec_types and base not in self.onec_types:
            self._leave("base_price_type", base)
            base = ""
        return replace(
            told,
            price_types=self._pairs("price_types", told.price_types, key=self._onec_type, value=self.types.__contains__),
            skipped_price_types=self._set("skipped_price_types", told.skipped_price_types, self._onec_type),
            base_price_type=base,
            units=self._pairs("units", told.units, value=self.measures.__contains__),
            item_type_sections=self._pairs(
                "item_type_sections", told.item_type_sections, value=lambda id: not self.sections or id in self.sections
            ),
            skipped_warehouses=self._set("skipped_warehouses", told.skipped_warehouses, self._store),
            notify_users=self._set("notify_users", told.notify_users, self._user),
            trade=self._trade(told.trade),
        )

    def _trade(self, told: TradeRules) -> TradeRules:
        warehouse = told.warehouse
        if warehouse and not self._store(warehouse):
            self._leave("trade.warehouse", warehouse)
            warehouse = ""
        presets = self._pairs(
            "trade.parties.presets", told.parties.presets, value=lambda id: not self.presets or id in self.presets
        )
        return replace(
            told,
            invoices=self._kind("trade.invoices", told.invoices, 31),
            deals=self._kind("trade.deals", told.deals, 2),
            statuses=tuple(self._lines("trade.statuses", told.statuses, self._status)),
            agreements=tuple(self._lines("trade.agreements", told.agreements, self._agreement)),
            organisations=self._pairs("trade.organisations", told.organisations, value=self.companies.__contains__),
            responsible=self._pairs("trade.responsible", told.responsible, value=self._user),
            warehouse=warehouse,
            parties=replace(told.parties, presets=presets),
        )

    def _kind(self, path: str, told: KindRules, kind: int) -> KindRules:
        def pipeline(id: int) -> bool:
            return (kind, id) in self.pipelines

        changed: dict[str, Any] = {}
        for name in _STAGES:
            changed[name] = {
                id: stage
                for id, stage in getattr(told, name).items()
                if (stage in (LEAVE, "") and pipeline(id))
                or (kind, id, stage) in self.stages
                or self._leave(f"{path}.{name}", stage)
            }
        new = told.pipeline_for_new
        if new is not None and not pipeline(new):
            self._leave(f"{path}.pipeline_for_new", new)
            new = None
        return replace(
            told,
            pipelines=self._set(f"{path}.pipelines", told.pipelines, pipeline),
            my_companies=self._set(f"{path}.my_companies", told.my_companies, self.companies.__contains__),
            pipeline_for_new=new,
            **changed,
        )

    def _onec_type(self, id: str) -> bool:
        return not self.onec_types or id in self.onec_types

    def _store(self, id: str) -> bool:
        return not self.onec_stores or id in self.onec_stores

    def _user(self, id: int) -> bool:
        return not self.users or id in self.users

    def _status(self, rule: StatusRule) -> bool:
        return (rule.entity_type_id, rule.pipeline, rule.stage_id) in self.stages

    def _agreement(self, terms: Agreement) -> bool:
        any_pipeline = terms.pipeline is None or terms.pipeline in {id for _kind, id in self.pipelines}
        return (terms.my_company is None or terms.my_company in self.companies) and any_pipeline

    def _leave(self, path: str, value: Any) -> bool:
        self.left_out.append((labels.setting(path), self.names(path, value)))
        return False

    def _set(self, path: str, values: Iterable[V], fits: Callable[[V], bool]) -> frozenset[V]:
        return frozenset(value for value in values if fits(value) or self._leave(path, value))

    def _pairs(
        self,
        path: str,
        told: Mapping[K, V],
        *,
        key: Callable[[K], bool] = lambda _: True,
        value: Callable[[V], bool],
    ) -> dict[K, V]:
        return {name: one for name, one in told.items() if (key(name) and value(one)) or self._leave_pair(path, name, one)}

    def _leave_pair(self, path: str, key: Any, value: Any) -> bool:
        self.left_out.append((labels.keyed(path, key, self.names), self.names(path, value)))
        return False

    def _lines(self, path: str, told: Iterable[V], fits: Callable[[V], bool]) -> Iterable[V]:
        for one in told:
            if fits(one):
                yield one
            else:
                self.left_out.append((labels.setting(path), labels.line(one, self.names)))

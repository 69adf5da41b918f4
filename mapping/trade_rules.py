"""What one base's administrator decided about documents and parties. Every rule has a default that works without any setting.

Stages, pipelines and own companies are the portal's ids: names are only shown, so renaming one breaks nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Owner = Literal["portal", "onec", "last"]
Direction = Literal["both", "to_onec", "to_portal"]
# What a document's two sides may both change, and who has the last word by default. "last": whoever changed it since both agreed;
# if both did, a person decides.
DOCUMENT_FIELDS: Final[Mapping[str, Owner]] = {
    "lines": "last",
    "comment": "last",
    "buyer": "portal",
    "my_company": "portal",
    "pay_until": "last",
    "date": "portal",
    "cancelled": "last",
    "stage": "portal",
}
PARTY_FIELDS: Final[Mapping[str, Owner]] = {
    "name": "last",
    "requisites": "last",
    "phones": "last",
    "emails": "last",
    "addresses": "last",
    "accounts": "onec",
    "people": "last",
    "comment": "portal",
}
LEAVE: Final = "-"  # a stage setting that says "leave the stage alone"


@dataclass(frozen=True, slots=True)
class KindRules:
    """How one kind of document travels: deals (2) or smart invoices (31).

    `pipelines` and `my_companies` empty = all of them for a kind that travels (of invoices only the default pipeline, unless
    `all_pipelines`). `from_stage`: pipeline → the first stage at which a document goes to 1C ("" or absent = the second stage).
    The `stage_…` mappings say, by pipeline, where a document goes; absent = the default (`LEAVE` for a part payment and a shipment,
    the success stage for full payment, the first failure stage for cancellation), LEAVE = nowhere.
    """

    travels: bool = False
    pipelines: frozenset[int] = frozenset()
    all_pipelines: bool = False  # also those made later
    my_companies: frozenset[int] = frozenset()
    from_stage: Mapping[int, str] = field(default_factory=dict)
    from_date: dt.date | None = None
    stage_paid: Mapping[int, str] = field(default_factory=dict)
    stage_partly_paid: Mapping[int, str] = field(default_factory=dict)
    stage_shipped: Mapping[int, str] = field(default_factory=dict)
    stage_cancelled: Mapping[int, str] = field(default_factory=dict)
    # Whether a document first made in 1C is made in the portal, and in which pipeline (None = the default one).
    made_from_onec: bool = False
    pipeline_for_new: int | None = None


@dataclass(frozen=True, slots=True)
class StatusRule:
    """One line of the status mapping; `onec` is 1C's status, by id or name as written (`[ID] Name` is read as both)."""

    entity_type_id: int
    pipeline: int
    stage_id: str
    onec: str
    direction: Direction = "both"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Terms 1C applies to an order. Chosen by own company and pipeline (None = any); the default one last.

    `id` is 1C's, "" when nobody knows it: 1C is told the name. A `currency` lets it serve only documents in it. `vat_included`: how
    prices are told to 1C, whatever the portal's rows say (None = as they are).
    """

    id: str
    name: str = ""
    organisation: str = ""
    price_type: str = ""
    currency: str = ""
    vat_included: bool | None = None
    warehouse: str = ""
    my_company: int | None = None
    pipeline: int | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class PartyRules:
    """How counterparties and companies are matched, each rule switchable, in this order; two hits are a question for a person."""

    by_id: bool = True
    by_tax_id_and_branch: bool = True
    by_tax_id: bool = True
    by_phone_or_email: bool = True
    by_name: bool = True
    # Whether a counterparty without a match is made in the portal.
    create: bool = True
    # Requisite presets by country and kind of party ("RU:legal" → preset id); absent = the portal's own default for the country.
    presets: Mapping[str, int] = field(default_factory=dict)
    country: str = ""  # of parties that do not say theirs; "" = the portal's


@dataclass(frozen=True, slots=True)
class TradeRules:
    """All rules about documents of one base."""

    invoices: KindRules = KindRules(travels=True)
    deals: KindRules = KindRules()
    statuses: tuple[StatusRule, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    parties: PartyRules = PartyRules()
    document_owners: Mapping[str, Owner] = field(default_factory=lambda: dict(DOCUMENT_FIELDS))
    party_owners: Mapping[str, Owner] = field(default_factory=lambda: dict(PARTY_FIELDS))
    # 1C's organisation (id) ↔ the portal's own company.
    organisations: Mapping[str, int] = field(default_factory=dict)
    warehouse: str = ""  # 1C id of the warehouse that orders name ("" = none)
    # The portal's user for documents made from 1C, by 1C's name of the manager; "" → the default responsible.
    responsible: Mapping[str, int] = field(default_factory=dict)
    notify_responsible: bool = True
    automation_trigger: bool = False
    # How often a document may go out without being confirmed before it is set aside.
    poison_after: int = 3

    def of_kind(self, entity_type_id: int) -> KindRules:
        """The rules of deals (2) or of invoices (31)."""
        return self.deals if entity_type_id == 2 else self.invoices

    def takes(self, entity_type_id: int, pipeline: int, *, default: bool) -> bool:
        """Whether documents of a pipeline travel at all; `default`: it is the kind's default one."""
        kind = self.of_kind(entity_type_id)
        if not kind.travels or kind.pipelines:
            return kind.travels and pipeline in kind.pipelines
        return kind.all_pipelines or default or entity_type_id == 2

"""Two portals side by side, each with something in every table; what belongs to one can be told from what belongs to the other."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from b24app.models import InboundEvent, Lane, Person, Portal, RestCall, ServiceCredential
from exchange import sessions
from exchange.models import (
    ExchangeDay,
    ExchangeRequest,
    ExchangeSession,
    HeardObject,
    ImportRun,
    LoosePart,
    OneCBase,
    PieceBlock,
    PieceDigest,
    Problem,
    ServedDocument,
    StateRow,
    TradeDocument,
    TradeParty,
    UploadedFile,
)
from mapping.models import Link, RuleSet

# How each table leads to its portal. A new table must be told here, or the test stops.
OWNER = {
    Portal: "pk",
    ServiceCredential: "portal",
    Person: "portal",
    InboundEvent: "portal",
    RestCall: "portal",
    Lane: "portal",
    OneCBase: "portal",
    ExchangeSession: "base__portal",
    UploadedFile: "session__base__portal",
    ImportRun: "base__portal",
    StateRow: "base__portal",
    PieceDigest: "base__portal",
    PieceBlock: "base__portal",
    Problem: "portal",
    ExchangeRequest: "base__portal",
    HeardObject: "portal",
    TradeDocument: "base__portal",
    TradeParty: "base__portal",
    ServedDocument: "session__base__portal",
    ExchangeDay: "base__portal",
    LoosePart: "base__portal",
    Link: "portal",
    RuleSet: "portal",
}


class Neighbour:
    """A portal with a base whose every text holds `word`."""

    def __init__(self, word: str, first_pk: int) -> None:
        """`first_pk`: the tables that one address may mean get numbers of their own, so that no number is by chance the other's."""
        self.word = word
        now = timezone.now()
        domain = f"{word.lower()}.bitrix24.test"
        self.portal = Portal.objects.create(
            member_id=f"member-{word}",
            domain=domain,
            client_endpoint=f"https://{domain}/rest/",
            application_token=f"application-token-{word}",
            installed_at=now,
        )
        ServiceCredential.objects.create(
            portal=self.portal, user_id=1, access_token=f"access-{word}", refresh_token=f"refresh-{word}", expires_at=now
        )
        Person.objects.create(portal=self.portal, user_id=1, language="ru")
        self.base, self.password = sessions.create_base(self.portal, f"Base {word}", "ut11")
        self.session, self.cookie = sessions.open_session(self.base, "sale")
        self.run = ImportRun.objects.create(
            base=self.base, session=self.session, type="sale", file_name=f"{word}.xml", path=f"{word}.xml", state="read"
        )
        UploadedFile.objects.create(session=self.session, name=f"{word}.xml", path=f"{word}.xml", size=1)
        self.document = TradeDocument.objects.create(
            pk=first_pk,
            base=self.base,
            entity_type_id=2,
            b24_id=7,
            number=f"{word}-1",
            portal_side={"topic": word},
            agreed={"title": word},
        )
        self.party = TradeParty.objects.create(
            pk=first_pk + 1, base=self.base, entity_type_id=4, b24_id=7, onec_id=f"party-{word}"
        )
        ServedDocument.objects.create(session=self.session, document=self.document, version=1)
        HeardObject.objects.create(portal=self.portal, entity_type_id=2, b24_id=7)
        self.row = StateRow.objects.create(
            pk=first_pk + 2, base=self.base, kind="product", onec_id=f"item-{word}", main={"name": word}
        )
        LoosePart.objects.create(base=self.base, basis=f"order-{word}", key=f"payment-{word}", name=word)
        RuleSet.objects.create(portal=self.portal, scope=self.base.pk, version=1, data={"base_price_type": word}, author="user:1")
        Link.objects.create(portal=self.portal, scope=self.base.pk, kind="product", onec_id=f"item-{word}", b24_id=7)
        self.event = InboundEvent.objects.create(portal=self.portal, code="ONCRMDEALADD", object_id="7", data={"word": word})
        self.call = RestCall.objects.create(portal=self.portal, method="crm.deal.get", request=word, answer=word)
        self.request = ExchangeRequest.objects.create(
            base=self.base, method="GET", type="sale", mode="query", file_name=f"{word}.xml", answer=f"failure\n{word}"
        )
        self.problems = [
            Problem.objects.create(
                portal=self.portal, base=self.base, run=self.run, cause=cause, kind=kind, onec_id=key, name=f"Name {word}",
                facts={"currency": word},
            )
            for cause, kind, key in (
                ("name-missing", "product", f"item-{word}"),
                ("absent", "product", f"item-{word}"),
                ("document-conflict", "document", str(self.document.pk)),
                ("currency-missing", "price_type", f"type-{word}"),
                ("party-ambiguous", "party", str(self.party.pk)),
            )
        ]  # fmt: skip

    def ids(self, name: str) -> list[str]:
        """What an address of ours may hold in the place called `name`; raises KeyError for a place that nobody told."""
        return {
            "base_id": [str(self.base.pk)],
            "problem_id": [str(problem.pk) for problem in self.problems],
            "cause": [problem.cause for problem in self.problems],
            "row_id": [f"onec-{self.request.pk}", f"rest-{self.call.pk}"],
            "key": [self.base.key],
            "slug": ["prices", "connect"],
            "version": ["1"],
            "what": ["goods", "documents", "parties"],
            "pk": [str(one.pk) for one in (self.row, self.document, self.party)],
        }[name]

    def form(self) -> dict[str, str]:
        """Every name under which a form or a query of ours may carry an id, with this portal's."""
        names = ("base", "base_id", "problem", "problem_id", "portal", "portal_id", "member_id", "document", "run", "session")
        values = (self.base, self.base, self.problems[2], self.problems[2], self.portal, self.portal, None, self.document)
        form = {name: str(value.pk) for name, value in zip(names, values, strict=False) if value is not None}
        return {
            **form,
            "member_id": self.portal.member_id,
            "DOMAIN": self.portal.domain,
            "text": self.word,
            "before": f"9999-01-01T00:00:00+00:00/onec-{self.request.pk}",
            "side": "onec",
            "candidate": "7",
            "entity_type_id": "2",
            "b24_id": "7",
            "currency": "RUB",
            "rate": "1",
            "shown": str(self.base.pk),
        }

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that we keep for this portal."""
        return {
            model.__name__: list(model._default_manager.filter(**{OWNER[model]: self.portal.pk}).order_by("pk").values())
            for model in tables()
        }

    def secrets(self) -> list[str]:
        """What must be seen in nobody else's answer."""
        return [self.word, self.base.login, self.base.key, self.password, self.cookie, self.session.form_token]


def tables() -> list[type[Model]]:
    """Every table of our own apps."""
    return [model for label in ("b24app", "exchange", "mapping") for model in apps.get_app_config(label).get_models()]

"""After documents went both ways, with failures on the way, nothing that we write down or show gives a secret or a person away."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.urls import reverse

from b24app import frame
from b24app.models import Portal, RestCall, ServiceCredential
from exchange import handlers
from exchange.imports import pipeline
from exchange.models import ExchangeRequest, ImportRun
from sandbox.onec.clients import Client as OneC
from sandbox.onec.clients import orders
from sandbox.onec.clients.wire import ClientRefused
from sandbox.onec.dialects import DIALECTS
from tests.journeys.trading import CABLE, CONTACT, INVOICE, QuickClock, World

pytestmark = pytest.mark.django_db(transaction=True)

# What is found nowhere else in the texts of the app; each way in which people are written.
PEOPLE = {
    "surname": "Цветикова",
    "telephone": "000-77-31",
    "digits of the telephone": "0007731",
    "e-mail": "tsvetikova@",
    "taxpayer": "500100732259",
    "account": "40702810500000077777",
    "street": "Малиновая улица",
}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The console of the processes: their formatter and filter, our own loggers at DEBUG."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    config: dict[str, Any] = project.LOGGING
    made = logging.config.DictConfigurator(config)
    handler.setFormatter(made.configure_formatter(dict(config["formatters"]["line"])))
    handler.addFilter(made.configure_filter(dict(config["filters"]["mask"])))
    names = ("", "django", "b24app", "exchange", "mapping", "celery", "urllib3")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler) if logger.name in ("root", "django") else None
        logger.setLevel(logging.DEBUG if logger.name in ("b24app", "exchange", "mapping") else logging.INFO)
    yield stream
    for logger, level in before:
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.fixture
def world(bitrix24: Any, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, written: io.StringIO) -> World:
    """A day of work: a document goes to 1C and back, people are changed on both sides, the portal and 1C both fail once."""
    settings.APP_URL = live_server.url
    bitrix24.portal.change_app(app_url=live_server.url)

    def read_at_once(run: ImportRun) -> None:
        transaction.on_commit(lambda: pipeline.read_run(run.pk))

    monkeypatch.setattr(handlers, "start_reading", read_at_once)
    world = World.open(bitrix24, live_server.url, DIALECTS["unf_docs"])
    fm = [
        {"typeId": "PHONE", "valueType": "WORK", "value": "+7 495 000-77-31"},
        {"typeId": "EMAIL", "valueType": "WORK", "value": "tsvetikova@example.org"},
    ]
    person = {"name": "Анна", "lastName": PEOPLE["surname"], "fm": fm}
    contact = int(world.do("crm.item.add", entityTypeId=CONTACT, fields=person)["item"]["id"])
    company = world.company("ИП Цветикова А. П.", PEOPLE["taxpayer"], "")
    requisite = world.bitrix24.state.where("requisites", ENTITY_ID=str(company))[0]["id"]
    world.do("crm.requisite.bankdetail.add", fields={
        "ENTITY_ID": requisite, "COUNTRY_ID": 1, "NAME": "Счёт", "RQ_ACC_NUM": PEOPLE["account"], "RQ_BIK": "044525225",
    })  # fmt: skip
    world.do("crm.address.add", fields={
        "TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": requisite, "ADDRESS_1": f"{PEOPLE['street']}, 7", "CITY": "Москва",
    })  # fmt: skip
    rows = [world.row(CABLE, "125.50", "4")]
    document = world.document(INVOICE, company, rows, contactId=contact, stageId="DT31_1:S")
    world.both()
    order = world.order(INVOICE, document)
    assert order.buyer is not None
    assert PEOPLE["taxpayer"] == order.buyer.inn
    # A conflict about the person, a payment, and failures on both sides.
    world.book.rename_buyer(order.buyer_id, name="ИП Цветикова Анна")
    world.do("crm.item.update", entityTypeId=4, id=company, fields={"title": "ИП Цветикова Анна Петровна"})
    world.book.pay(order.number, "100.00")
    world.both()
    stranger = OneC(world.client.manners, world.client.url, world.base.login, "wrong-password-77", clock=QuickClock())
    with pytest.raises(ClientRefused):
        orders.take(lambda: stranger.session("sale"))
    return world


def secrets_of(portal: Portal, world: World) -> dict[str, str]:
    """Every secret that this installation has."""
    credential = ServiceCredential.objects.get(portal=portal)
    found = {
        "access token": credential.access_token,
        "refresh token": credential.refresh_token,
        "application token": portal.application_token,
        "client secret": str(portal.client_secret or project.B24_CLIENT_SECRET),
        "1C's password": world.client.password,
        "refused password": "wrong-password-77",
        "secret key": project.SECRET_KEY,
    }
    assert all(len(value) > 8 for value in found.values()), {name: len(value) for name, value in found.items()}
    return found


def given_away(text: str, words: dict[str, str]) -> list[str]:
    """The names of those words that stand in the text, each with what stands around it."""
    places = [(name, text.find(word)) for name, word in words.items()]
    return [f"{name}: …{text[max(0, at - 60) : at + 40]}…" for name, at in places if at >= 0]


def pages(portal: Portal, **more: str) -> Iterator[tuple[str, str]]:
    """Every page of the app that needs no id, then each row of the journal, as the portal's administrator sees them."""
    headers = {"Authorization": f"Frame {frame.sign(frame.FrameUser(portal.pk, 1, True, 'ru', 'sid', ()))}"}
    client = Client()
    rows = [f"onec-{pk}" for pk in ExchangeRequest.objects.values_list("pk", flat=True)]
    rows += [f"rest-{pk}" for pk in RestCall.objects.values_list("pk", flat=True)]
    addresses = [reverse("pages:journal"), reverse("pages:journal_download")]
    addresses += [reverse("pages:journal_entry", args=[row]) for row in rows]
    for address in addresses:
        answer: Any = client.get(address, headers=headers)
        assert answer.status_code == 200, address
        yield address, (answer.getvalue() if answer.streaming else answer.content).decode()


class TestSecrecy:
    """One day is worked once (it takes seconds); everything that it left is looked at."""

    def test_of_all_that_is_written_down_and_shown(self, world: World, written: io.StringIO):
        portal = Portal.objects.get(pk=world.portal.pk)
        secrets = secrets_of(portal, world)
        both = secrets | PEOPLE

        journal = "\n".join(call.request + call.answer for call in RestCall.objects.all())
        assert "crm.requisite" in journal, "the day did go through the journal"
        assert given_away(journal, both) == []
        asked = "\n".join(f"{row.file_name} {row.answer}" for row in ExchangeRequest.objects.all())
        assert "failure" in asked
        assert given_away(asked, both) == []
        assert given_away(written.getvalue(), both) == []
        for address, text in pages(portal):
            assert given_away(text, both) == [], address

    def test_of_secrets_on_every_page_for_people_and_for_operators(self, world: World):
        portal = Portal.objects.get(pk=world.portal.pk)
        secrets = secrets_of(portal, world)
        headers = {"Authorization": f"Frame {frame.sign(frame.FrameUser(portal.pk, 1, True, 'ru', 'sid', ()))}"}
        for name in ("overview", "matching"):
            answer = Client().get(reverse(f"pages:{name}"), headers=headers)
            assert answer.status_code == 200
            assert given_away(answer.content.decode(), secrets) == [], name
        assert given_away(Client().get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode(), secrets | PEOPLE) == []

        operator = Client()
        operator.force_login(get_user_model().objects.create_superuser("operator", password="none-of-these"))
        for model in admin.site._registry:
            listed = operator.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
            assert listed.status_code == 200, model
            texts = [listed.content.decode()]
            for pk in model._default_manager.values_list("pk", flat=True)[:20]:
                shown = operator.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk]))
                assert shown.status_code == 200, (model, pk)
                texts.append(shown.content.decode())
            assert given_away("\n".join(texts), secrets) == [], model

"""Every link, button and form of every page is followed, as an administrator and as an employee, on a portal full of things.

Nothing breaks; an employee meets nothing that is not his; nothing of another portal is ever shown or touched. Pages are found by the
row of places and the list of addresses, so that a new page is walked through as soon as it is there.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, resolve, reverse
from lxml import html as lxml_html

from b24app import frame
from b24app.models import Portal
from b24app.pages.navigation import PLACES
from b24app.pages.urls import urlpatterns
from exchange.models import ExchangeRequest, ImportRun, OneCBase, Problem, StateRow, TradeDocument, TradeParty
from sandbox.portal.server import PortalServer
from tests.b24app.pages.conftest import make_portal
from tests.journeys.furnishing import furnish_all

OWN, FOREIGN = "Наше", "Чужое"
VERBS = ("get", "post", "put", "patch", "delete")
# A form sent as it stands may be refused with what was typed; everything else that a page offers must work.
FINE = frozenset({200, 204, 302, 422})
TOUCHED = (OneCBase, Problem, StateRow, ImportRun, TradeDocument, TradeParty, ExchangeRequest)

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Action:
    """Something a page offers to do."""

    verb: str
    url: str
    fields: Fields = ()
    headers: Fields = ()


@dataclass
class Walker:
    """Somebody in the frame of the portal who tries everything, and watches what he is shown."""

    portal: Portal
    admin: bool
    secrets: tuple[str, ...]
    cards: bool = False
    walked: dict[Action, int] = field(default_factory=dict)
    client: ClassVar[Client] = Client(enforce_csrf_checks=True, raise_request_exception=True)

    def do(self, action: Action, *, htmx: bool = True) -> Any:
        """Do it, and look at the answer for what must not be in it."""
        person = frame.FrameUser(self.portal.pk, 1 if self.admin else 2, self.admin, "ru", "sid")
        if self.cards and any(one.name == "elements" for one in dataclasses.fields(person)):
            person = dataclasses.replace(person, elements=((31, 1), (4, 1)))
        headers = {
            "Authorization": f"Frame {frame.sign(person)}",
            **({"HX-Request": "true"} if htmx else {}),
            **dict(action.headers),
        }
        data: dict[str, list[str]] = {}
        for name, value in action.fields:
            data.setdefault(name, []).append(value)
        response = getattr(self.client, action.verb)(action.url, data, headers=headers)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        shown = body.decode("utf-8", "replace") + str(response.headers)
        assert FOREIGN not in shown, f"{action}: something of another portal"
        if not self.admin:
            assert not [secret for secret in self.secrets if secret in shown], f"{action}: credentials"
        return response

    def offered(self, response: Any) -> list[Action]:
        """What an answer offers to do next."""
        if response.streaming or "html" not in response.headers.get("Content-Type", "") or not response.content.strip():
            return []
        return list(actions(lxml_html.document_fromstring(response.content.decode())))

    def look_around(self, start: list[Action]) -> list[Action]:
        """Follow everything that only shows something; returns what would change something."""
        waiting, changes = list(start), []
        while waiting:
            action = waiting.pop()
            if action in self.walked:
                continue
            if action.verb != "get":
                self.walked[action] = 0
                changes.append(action)
                continue
            response = self.do(action)
            self.walked[action] = response.status_code
            assert response.status_code in FINE, f"{action}: {response.status_code}"
            waiting += self.offered(response)
        return changes

    def try_out(self, action: Action, deeper: int = 1) -> None:
        """Do something that changes things, look at what it leads to, and undo it."""
        with transaction.atomic():
            response = self.do(action)
            assert response.status_code in FINE, f"{action}: {response.status_code}"
            walker = dataclasses.replace(self, walked=dict(self.walked) if deeper else {**self.walked})
            changes = walker.look_around(self.offered(response))
            self.walked |= {} if deeper else walker.walked
            self.walked[action] = response.status_code
            for change in changes if deeper else ():
                walker.try_out(change, deeper - 1)
                self.walked[change] = walker.walked[change]
            transaction.set_rollback(True)
        with transaction.atomic():
            nonsense = dataclasses.replace(action, fields=tuple((name, "✗" * 300) for name, _ in action.fields))
            assert self.do(nonsense).status_code < 500, f"{nonsense}"
            transaction.set_rollback(True)


def actions(page: Any) -> Iterator[Action]:
    """Every link, button and form of a page, with what would be sent along."""
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        for verb in VERBS:
            if (url := element.get(f"hx-{verb}")) is not None and url:
                headers = json.loads(element.get("hx-headers") or "{}")
                yield Action(verb, url, tuple(fields_of(element, verb, page)), tuple(headers.items()))
        if element.tag == "a" and inside(element.get("href")):
            yield Action("get", element.get("href"))
        if element.tag == "form" and inside(element.get("action")):
            yield Action((element.get("method") or "get").lower(), element.get("action"), tuple(inputs(element)))
        if element.get("data-download"):
            form = page.find(f".//*[@id='{element.get('data-form')}']") if element.get("data-form") else None
            yield Action("get", element.get("data-download"), tuple(inputs(form)) if form is not None else ())


def inside(url: str | None) -> bool:
    return bool(url) and not urlsplit(url).netloc and str(url).startswith("/b24/")


def fields_of(element: Any, verb: str, page: Any) -> Iterator[tuple[str, str]]:
    """What htmx sends: the element itself or its form, what it includes, and its own values."""
    form = element if element.tag == "form" else next(iter(element.iterancestors("form")), None)
    if form is not None and (element.tag == "form" or verb != "get"):
        yield from inputs(form)
    elif element.tag in ("input", "select", "textarea"):
        yield from own(element)
    for selector in (element.get("hx-include") or "").split(","):
        for found in page.xpath(f"//*[@id='{selector.strip().lstrip('#')}']") if selector.strip().startswith("#") else ():
            yield from own(found)
            yield from inputs(found)
    if element.tag == "button" and element.get("name"):
        yield element.get("name"), element.get("value") or ""
    for name, value in json.loads(element.get("hx-vals") or "{}").items():
        yield name, str(value)


def inputs(form: Any) -> Iterator[tuple[str, str]]:
    for element in form.iter("input", "select", "textarea"):
        yield from own(element)


def own(element: Any) -> Iterator[tuple[str, str]]:
    name, kind = element.get("name"), (element.get("type") or "").lower()
    if not name or element.get("disabled") is not None or kind in ("file", "submit", "button"):
        return
    if element.tag == "select":
        options = element.findall(".//option")
        chosen = [one for one in options if one.get("selected") is not None] or options[:1]
        yield from ((name, one.get("value", one.text or "")) for one in chosen)
    elif element.tag == "textarea":
        yield name, element.text or ""
    elif element.tag == "input" and (kind not in ("checkbox", "radio") or element.get("checked") is not None):
        yield name, element.get("value") or ("on" if kind == "checkbox" else "")


def addresses(ids: dict[str, Any]) -> Iterator[tuple[URLPattern, str]]:
    """Every address of the pages, with ids filled in; one that needs something unknown gets a number that is nobody's."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        converters = pattern.pattern.converters
        values = {
            name: ids.get(name, 987654 if type(converter).__name__ == "IntConverter" else "x")
            for name, converter in converters.items()
        }
        yield pattern, reverse(f"pages:{pattern.name}", kwargs=values)


def ids_of(base: OneCBase) -> dict[str, Any]:
    """The ids of this base's things by the names that addresses give them."""
    problem = Problem.objects.filter(base=base).first()
    document = TradeDocument.objects.filter(base=base).first()
    party = TradeParty.objects.filter(base=base).first()
    assert problem
    assert document
    assert party
    run = ImportRun.objects.filter(base=base).first()
    row = ExchangeRequest.objects.filter(base=base).first()
    assert run
    assert row
    return {
        "base_id": base.pk,
        "problem_id": problem.pk,
        "document_id": document.pk,
        "party_id": party.pk,
        "run_id": run.pk,
        "row_id": f"onec-{row.pk}",
        "slug": "prices",
    }


@dataclass
class Town:
    """Our portal and another one, both full."""

    portal: Portal
    base: OneCBase
    foreign: OneCBase

    def walker(self, *, admin: bool, cards: bool = False) -> Walker:
        base, portal = self.base, self.portal
        return Walker(portal, admin, (base.login, base.key, base.password, portal.member_id), cards)

    def start(self, walker: Walker) -> list[Action]:
        places = [place for place in PLACES if walker.admin or not place.admin]
        first = [Action("get", reverse(place.url)) for place in places]
        return [*first, *([Action("get", reverse("pages:card"))] if walker.cards else [])]


@pytest.fixture
def town(portal: Portal, bitrix24: PortalServer, monkeypatch: pytest.MonkeyPatch) -> Town:
    """Nobody works in the background: what is to be done stands in the database."""
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)
    for name in ("1", "2"):  # what the item is linked with, and what it may be linked with by hand
        fields = {"iblockId": portal.facts["catalog"]["iblock_id"], "name": f"{OWN} товар {name}"}
        bitrix24.call("catalog.product.add", {"fields": fields})
    return Town(portal, furnish_all(portal, OWN), furnish_all(make_portal(), FOREIGN))


def has_cards() -> bool:
    return any(isinstance(pattern, URLPattern) and pattern.name == "card" for pattern in urlpatterns)


@pytest.mark.django_db
class TestCrawl:
    @pytest.mark.parametrize("admin", [True, False], ids=["admin", "employee"])
    def test_everything_that_is_offered_works(self, town: Town, admin: bool) -> None:
        walker = town.walker(admin=admin, cards=has_cards())
        changes = walker.look_around(town.start(walker))
        for change in changes:
            walker.try_out(change)
        met = {resolve(urlsplit(action.url).path).url_name for action in walker.walked}
        missed = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)} - met
        assert "overview" in met
        assert not admin or {"match_link_ask", "match_link"} <= met
        # The examples lead nearly everywhere; where they do not, an address is not looked at (`app` is opened by the portal alone).
        assert not admin or len(missed) <= len(urlpatterns) // 8, missed

    @pytest.mark.parametrize("admin", [True, False], ids=["admin", "employee"])
    def test_whole_pages_work_without_htmx(self, town: Town, admin: bool) -> None:
        walker = town.walker(admin=admin)
        for action in town.start(walker):
            response = walker.do(action, htmx=False)
            assert response.status_code == 200, action
            assert response.content.startswith(b"<!doctype html>"), action

    def test_an_employee_is_refused_what_is_not_his(self, town: Town) -> None:
        walker = town.walker(admin=False)
        for place in PLACES:
            assert (walker.do(Action("get", reverse(place.url))).status_code == 403) is place.admin, place
        for pattern, url in addresses(ids_of(town.base)):
            for verb in ("get", "post"):
                with transaction.atomic():
                    assert walker.do(Action(verb, url)).status_code < 500, pattern.name
                    transaction.set_rollback(True)

    def test_nothing_of_another_portal_is_shown_or_touched(self, town: Town) -> None:
        walker, foreign = town.walker(admin=True, cards=has_cards()), ids_of(town.foreign)

        def held() -> list[Any]:
            base = town.foreign
            return [
                list(model.objects.filter(**({"pk": base.pk} if model is OneCBase else {"base": base})).values())
                for model in TOUCHED
            ]

        before = held()
        for pattern, url in addresses(foreign):
            for verb in ("get", "post"):
                status = walker.do(Action(verb, url)).status_code
                assert status < 500, f"{verb} {url}"
                if set(pattern.pattern.converters) & set(foreign):
                    assert status >= 400, f"{verb} {url}: {status}"
        assert held() == before

    def test_it_would_notice_something_foreign(self, town: Town) -> None:
        OneCBase.objects.filter(pk=town.base.pk).update(name=FOREIGN)
        with pytest.raises(AssertionError, match="another portal"):
            town.walker(admin=True).look_around([Action("get", reverse("pages:overview"))])

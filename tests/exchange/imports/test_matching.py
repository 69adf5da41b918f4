"""Goods that are in the portal already, joined by article or barcode when the rules say so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from b24app.models import Portal
from b24app.rest.batching import Outcome
from b24app.rest.errors import make
from exchange.imports.flows import Tools, Work
from exchange.imports.matching import LookUpFailed, match
from exchange.models import OneCBase, Problem
from exchange.planning.items import Element, Item
from exchange.planning.references import ARTICLE, PortalProperty, References
from exchange.sessions import create_base
from mapping import links
from mapping.edit import change_rules
from mapping.rules import Rules
from sandbox.portal.server import PortalServer
from tests.exchange.imports.conftest import Send

pytestmark = pytest.mark.django_db(transaction=True)

Made = Callable[..., int]


def item(onec_id: str, name: str, *, article: str = "", barcode: str = "", kind: str = "") -> str:
    parts = [f"<Ид>{onec_id}</Ид>", f"<Штрихкод>{barcode}</Штрихкод>" if barcode else "", f"<Наименование>{name}</Наименование>"]
    parts.append(f"<Артикул>{article}</Артикул>" if article else "")
    if kind:
        told = f"<Наименование>ТипНоменклатуры</Наименование><Значение>{kind}</Значение>"
        parts.append(f"<ЗначенияРеквизитов><ЗначениеРеквизита>{told}</ЗначениеРеквизита></ЗначенияРеквизитов>")
    return f"<Товар>{''.join(parts)}</Товар>"


def catalog(*items: str) -> str:
    inner = f"<Ид>cat</Ид><Наименование>Т</Наименование><Товары>{''.join(items)}</Товары>"
    return f"<КоммерческаяИнформация><Каталог>{inner}</Каталог></КоммерческаяИнформация>"


@pytest.fixture
def properties(bitrix24: PortalServer, portal: Portal) -> dict[str, int]:
    """The portal has an article and barcodes of its own, as the CRM catalogue has after any earlier exchange."""
    iblock = portal.facts["catalog"]["iblock_id"]
    made = {}
    for code, name, multiple in (("CML2_ARTICLE", "Артикул", "N"), ("CML2_BAR_CODE", "Штрихкод", "Y")):
        fields = {"iblockId": iblock, "name": name, "code": code, "propertyType": "S", "multiple": multiple}
        made[code] = bitrix24.call("catalog.productProperty.add", {"fields": fields})["productProperty"]["id"]
    return made


@pytest.fixture
def made(bitrix24: PortalServer, portal: Portal, properties: dict[str, int]) -> Made:
    """Make a product in the portal by hand; its id."""

    def made(name: str, *, article: str = "", barcodes: tuple[str, ...] = (), service: bool = False) -> int:
        fields = {"iblockId": portal.facts["catalog"]["iblock_id"], "name": name}
        fields |= {f"property{properties['CML2_ARTICLE']}": {"value": article}} if article else {}
        fields |= {f"property{properties['CML2_BAR_CODE']}": [{"value": code} for code in barcodes]} if barcodes else {}
        kind = "catalog.product.service" if service else "catalog.product"
        return int(bitrix24.call(f"{kind}.add", {"fields": fields})["service" if service else "element"]["id"])

    return made


@pytest.fixture
def rules(portal: Portal, base: OneCBase) -> Callable[..., None]:
    def rules(of: OneCBase | None = None, **changes: object) -> None:
        change_rules(portal.pk, (of or base).pk, changes, author="")

    return rules


def names(server: PortalServer) -> list[str]:
    return sorted(row["name"] for row in server.state["products"])


class TestMatch:
    def test_takes_over_the_only_product_of_the_article(
        self,
        tell: Send,
        push_all: Callable[[], None],
        bitrix24: PortalServer,
        made: Made,
        rules: Callable[..., None],
        base: OneCBase,
    ) -> None:
        by_hand = made("Сапоги старые", article="A-1")
        rules(match_by_article=True)
        tell(catalog(item("a", "Сапоги", article="A-1")))
        push_all()
        assert names(bitrix24) == ["Сапоги"]
        assert links.to_b24(base.portal_id, base.pk, "product") == {"a": by_hand}
        assert not Problem.objects.exists()

    def test_takes_over_the_only_product_of_a_barcode(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, made: Made, rules: Callable[..., None]
    ) -> None:
        made("Шнурки старые", barcodes=("4600000000017", "4600000000024"))
        rules(match_by_barcode=True)
        tell(catalog(item("b", "Шнурки", barcode="4600000000024")))
        push_all()
        assert names(bitrix24) == ["Шнурки"]

    def test_makes_a_product_of_its_own_when_the_rules_do_not_ask_for_more_than_the_id(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, made: Made
    ) -> None:
        made("Сапоги старые", article="A-1", barcodes=("4600000000017",))
        tell(catalog(item("a", "Сапоги", article="A-1", barcode="4600000000017")))
        push_all()
        assert names(bitrix24) == ["Сапоги", "Сапоги старые"]

    def test_asks_a_person_which_of_several_is_meant_and_makes_nothing(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, made: Made, rules: Callable[..., None]
    ) -> None:
        ids = [made("Сапоги 1", article="A-1"), made("Сапоги 2", article="A-1")]
        rules(match_by_article=True)
        tell(catalog(item("a", "Сапоги", article="A-1"), item("b", "Шнурки", article="B-1")))
        push_all()
        told = [(problem.cause, problem.onec_id, problem.facts["ids"]) for problem in Problem.objects.all()]
        assert told == [("article-matches-several", "a", ", ".join(map(str, ids)))]
        assert names(bitrix24) == ["Сапоги 1", "Сапоги 2", "Шнурки"]

    def test_asks_which_of_several_with_one_barcode_is_meant(
        self, tell: Send, push_all: Callable[[], None], made: Made, rules: Callable[..., None]
    ) -> None:
        for name in ("Сапоги 1", "Сапоги 2"):
            made(name, barcodes=("4600000000017",))
        rules(match_by_barcode=True)
        tell(catalog(item("a", "Сапоги", barcode="4600000000017")))
        push_all()
        assert list(Problem.objects.values_list("cause", flat=True)) == ["barcode-matches-several"]

    def test_lets_the_barcode_decide_between_products_of_one_article(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, made: Made, rules: Callable[..., None]
    ) -> None:
        made("Сапоги 1", article="A-1")
        made("Сапоги 2", article="A-1", barcodes=("4600000000017",))
        rules(match_by_article=True, match_by_barcode=True)
        tell(catalog(item("a", "Сапоги", article="A-1", barcode="4600000000017")))
        push_all()
        assert names(bitrix24) == ["Сапоги", "Сапоги 1"]

    def test_does_not_turn_a_service_into_goods(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, made: Made, rules: Callable[..., None]
    ) -> None:
        made("Ремонт", article="A-1", service=True)
        rules(match_by_article=True)
        tell(catalog(item("a", "Сапоги", article="A-1")))
        push_all()
        assert list(Problem.objects.values_list("cause", flat=True)) == ["match-of-another-kind"]
        assert names(bitrix24) == ["Ремонт"]

    def test_gives_one_product_to_one_item_of_the_base_only(
        self, tell: Send, push_all: Callable[[], None], bitrix24: PortalServer, made: Made, rules: Callable[..., None]
    ) -> None:
        made("Сапоги старые", article="A-1")
        rules(match_by_article=True)
        tell(catalog(item("a", "Сапоги", article="A-1"), item("b", "Сапоги (брак)", article="A-1")))
        push_all()
        assert names(bitrix24) == ["Сапоги", "Сапоги (брак)"]
        tell(catalog(item("c", "Сапоги (образец)", article="A-1")), only_changes=True)
        push_all()
        # By now two products carry the article, but both belong to other items of 1C.
        assert names(bitrix24) == ["Сапоги", "Сапоги (брак)", "Сапоги (образец)"]

    def test_never_doubles_what_two_bases_send_under_ids_of_their_own(
        self,
        tell: Send,
        push_all: Callable[[], None],
        bitrix24: PortalServer,
        rules: Callable[..., None],
        base: OneCBase,
        portal: Portal,
        properties: dict[str, int],
    ) -> None:
        second, _ = create_base(portal, "Розница", "unf")
        rules(match_by_article=True)
        rules(second, match_by_article=True)
        tell(catalog(item("a", "Сапоги", article="A-1")))
        push_all()
        tell(catalog(item("z", "Сапоги (розница)", article="A-1")), of=second)
        push_all()
        assert names(bitrix24) == ["Сапоги"]
        (b24_id,) = links.to_b24(portal.pk, base.pk, "product").values()
        assert links.to_b24(portal.pk, second.pk, "product") == {"z": b24_id}

    def test_reads_every_page_of_candidates(
        self, tell: Send, push_all: Callable[[], None], made: Made, rules: Callable[..., None]
    ) -> None:
        ids = [made(f"Сапоги {number}", article="A-1") for number in range(52)]
        rules(match_by_article=True)
        tell(catalog(item("a", "Сапоги", article="A-1")))
        push_all()
        assert Problem.objects.get().facts["ids"].split(", ") == [str(b24_id) for b24_id in ids]


class TestFailure:
    def test_is_no_answer_of_no_such_product(self) -> None:
        references = References(iblock_id=1, properties={ARTICLE: PortalProperty(5, "string")})
        work = Work(Item("a", Element("a", "product", {"property:5": "A-1"})), {}, {}, {}, {})
        asking = match([work], {}, Tools(references, Rules(match_by_article=True)))
        asked = next(asking)
        silent = make("NO_ANSWER")
        with pytest.raises(LookUpFailed) as failed:
            asking.send([Outcome(command, error=silent) for command in asked.commands])
        assert failed.value.error is silent

"""What has been said before costs nothing."""

from __future__ import annotations

import pytest
from django.db import transaction

from exchange.commerceml import Oddities, pieces
from exchange.imports.remember import Counts, changed_pieces, keep_digests, remember
from exchange.models import ImportRun, OneCBase, PieceDigest, StateRow

pytestmark = pytest.mark.django_db(transaction=True)

OFFER = "<Предложение><Ид>{id}</Ид>{more}</Предложение>"
PRICE = "<Цены><Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>{price}</ЦенаЗаЕдиницу></Цена></Цены>"
STOCK = "<Количество>{amount}</Количество>"


def cut(*offers: str) -> list[pieces.Piece]:
    import io

    text = (
        '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07"><ПакетПредложений><Ид>k#</Ид>'
        f"<ИдКаталога>k</ИдКаталога><Предложения>{''.join(offers)}</Предложения></ПакетПредложений></КоммерческаяИнформация>"
    )
    slices = list(pieces.walk(io.BytesIO(text.encode()), oddities=Oddities()))
    return [piece for part in slices for piece in part.pieces]


def priced(id: str, price: int) -> str:
    return OFFER.format(id=id, more=PRICE.format(price=price))


def stocked(id: str, amount: int) -> str:
    return OFFER.format(id=id, more=STOCK.format(amount=amount))


class TestPieces:
    def tell(self, base: OneCBase, *offers: str) -> list[str]:
        """Send the offers; the ids of those that had to be read."""
        run = ImportRun.objects.create(base=base, type="catalog", file_name="offers.xml", path="")
        with transaction.atomic():
            changed = changed_pieces(base.pk, cut(*offers))
            remember(base.pk, run.pk, pieces.parse(changed), only_changes=False, counts=Counts())
            keep_digests(base.pk, changed)
        return [piece.onec_id for piece in changed]

    def prices(self, base: OneCBase) -> list[str]:
        return [
            str((row.prices or [])[0][1]) for row in StateRow.objects.filter(base=base, prices__isnull=False).order_by("onec_id")
        ]

    def test_are_read_once_while_they_stay_the_same(self, base: OneCBase):
        assert self.tell(base, priced("a", 1), priced("b", 2)) == ["a", "b"]
        assert self.tell(base, priced("a", 1), priced("b", 2)) == []
        assert self.tell(base, priced("a", 1), priced("b", 3)) == ["b"]
        assert self.prices(base) == ["1", "3"]

    def test_are_read_again_when_they_come_back(self, base: OneCBase):
        for price in (1, 2, 1):
            assert self.tell(base, priced("a", price)) == ["a"]
        assert self.prices(base) == ["1"]

    def test_of_other_facets_leave_each_other_alone(self, base: OneCBase):
        self.tell(base, priced("a", 1))
        self.tell(base, stocked("a", 5))
        assert self.tell(base, priced("a", 1)) == []

    def test_that_set_the_same_facet_overtake_each_other(self, base: OneCBase):
        both = OFFER.format(id="a", more=PRICE.format(price=1) + STOCK.format(amount=5))
        self.tell(base, both)
        self.tell(base, priced("a", 2))
        assert self.tell(base, both) == ["a"]
        assert self.prices(base) == ["1"]

    def test_of_one_object_twice_in_a_file_end_with_the_last(self, base: OneCBase):
        self.tell(base, priced("a", 1), priced("a", 2))
        assert self.prices(base) == ["2"]
        self.tell(base, priced("a", 1), priced("a", 2))
        assert self.prices(base) == ["2"]

    def test_of_another_base_are_its_own(self, base: OneCBase, portal):
        from exchange.sessions import create_base

        self.tell(base, priced("a", 1))
        other, _ = create_base(portal, "Другая", "ut11")
        assert self.tell(other, priced("a", 1)) == ["a"]
        assert PieceDigest.objects.count() == 2

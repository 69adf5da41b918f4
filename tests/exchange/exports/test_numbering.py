"""The number that 1C knows a document by."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24app.models import Portal
from exchange import sessions
from exchange.dialects import CONFIGURATIONS, choose
from exchange.exports import numbering
from exchange.exports.numbering import LIFTED, MOST, NoNumberLeft, fits, key, understood
from exchange.models import OneCBase, TradeDocument

# What people let the portal number by, and what nobody should.
OWN = st.one_of(
    st.integers(0, 60).map(str),
    st.integers(0, 60).map(lambda number: f"{number:06}"),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: f"{pair[0]}-{pair[1]}"),
    st.sampled_from(["", "СЧ-15", "сч-15", "INV/2026/15", "2026-000015", "0", "-", " 15 ", "15\n", "٣٤", "1" * 60, "№"]),
    st.text(max_size=12),
)
ASKED = st.tuples(st.sampled_from([2, 31]), st.integers(1, 40), OWN)


def ask(base: OneCBase, kind: int, b24_id: int | None, own: str = "", configuration: str = "") -> str:
    document, _ = TradeDocument.objects.get_or_create(base=base, entity_type_id=kind, b24_id=b24_id)
    return document.number or numbering.give(document, own, choose(configuration or base.configuration))


class TestGive:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(ASKED, max_size=12), st.lists(st.sampled_from(CONFIGURATIONS), min_size=12, max_size=12))
    def test_fits_never_collides_and_stays_whatever_is_asked_in_whatever_order(
        self, shop: Portal, asked: list[tuple[int, int, str]], chosen: list[str]
    ):
        base, _ = sessions.create_base(shop, "База")
        numbers: dict[tuple[int, int], str] = {}
        for (kind, b24_id, own), configuration in zip(asked, chosen, strict=False):
            number = ask(base, kind, b24_id, own, configuration)
            assert numbers.setdefault((kind, b24_id), number) == number
            assert any(fits(number, choose(each)) for each in CONFIGURATIONS)
        assert len({key(number) for number in numbers.values()}) == len(numbers)
        assert all(understood(number, choose("bp30")) for number in numbers.values() if fits(number, choose("bp30")))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(ASKED, max_size=12), st.sampled_from(CONFIGURATIONS))
    def test_fits_the_client(self, shop: Portal, asked: list[tuple[int, int, str]], configuration: str):
        base, _ = sessions.create_base(shop, "База", configuration)
        row = choose(configuration)
        for kind, b24_id, own in asked:
            number = ask(base, kind, b24_id, own)
            assert len(number) <= row.number_length
            assert fits(number, row)
            assert (number.isdigit() and len(number) <= 6) or not row.number_digits_only

    @pytest.mark.parametrize(
        ("configuration", "own", "number"),
        [
            ("ut11", "СЧ-15", "СЧ-15"),
            ("ut11", "2026-000015", "2026-000015"),
            ("ut11", "2026-0000015", "7"),  # 12 characters
            ("upp13", "15/1", "15/1"),
            ("unf", "INV-2026-000015", "INV-2026-000015"),
            ("bp30", "000015", "000015"),
            ("bp30", "СЧ-15", "7"),
            ("bp30", "1234567", "7"),
            ("other", "СЧ-15", "7"),
            ("ut11", "", "7"),
            ("ut11", "no digit", "7"),
            ("ut11", "000", "7"),
            ("ut11", " 15 ", "15"),
        ],
    )
    def test_takes_the_portals_own_number_where_it_fits_else_the_id(
        self, shop: Portal, configuration: str, own: str, number: str
    ):
        base, _ = sessions.create_base(shop, "База", configuration)
        assert ask(base, 31, 7, own) == number

    def test_a_deal_and_an_invoice_of_one_id_get_two_numbers(self, base: OneCBase):
        assert (ask(base, 2, 15), ask(base, 31, 15)) == ("15", str(LIFTED + 15))

    def test_what_differs_in_signs_alone_is_the_same_number(self, base: OneCBase):
        assert [ask(base, 31, 1, "15"), ask(base, 31, 2, "1-5"), ask(base, 31, 3, "0015"), ask(base, 31, 4, "A-15")] == [
            "15",
            "2",
            "3",
            "4",
        ]

    def test_an_id_too_long_for_accounting_gets_the_next_free_number(self, shop: Portal):
        base, _ = sessions.create_base(shop, "БП", "bp30")
        assert [ask(base, 2, 7_000_001), ask(base, 2, 7_000_002)] == [str(LIFTED + 1), str(LIFTED + 2)]

    def test_another_base_counts_for_itself(self, shop: Portal, base: OneCBase):
        other, _ = sessions.create_base(shop, "Вторая", "ut11")
        assert ask(base, 31, 15) == ask(other, 31, 15) == "15"

    def test_gaps_are_filled_when_the_end_is_reached(self, shop: Portal):
        base, _ = sessions.create_base(shop, "БП", "bp30")
        assert ask(base, 31, 1, str(MOST)) == str(MOST)
        assert [ask(base, 31, 1_000_001), ask(base, 31, 1_000_002)] == ["1", "2"]

    def test_no_number_left_is_said(self, shop: Portal, monkeypatch: pytest.MonkeyPatch):
        base, _ = sessions.create_base(shop, "БП", "bp30")
        monkeypatch.setattr(numbering, "MOST", 1)
        monkeypatch.setattr(numbering, "LIFTED", 1)
        assert ask(base, 31, 1_000_001) == "1"
        with pytest.raises(NoNumberLeft):
            ask(base, 31, 1_000_002)

    def test_asks_the_index(self, base: OneCBase):
        TradeDocument.objects.bulk_create(
            TradeDocument(base=base, entity_type_id=31, b24_id=number, number=str(number)) for number in range(1, 3000)
        )
        with connection.cursor() as cursor:
            cursor.execute("analyze exchange_tradedocument")
        assert "one_document_per_number_key" in numbering._keys(base.pk).filter(key="15").explain()


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_workers_that_want_the_same_number_get_different_ones(self, base: OneCBase):
        documents = [TradeDocument.objects.create(base=base, entity_type_id=kind, b24_id=15) for kind in (2, 31, 4, 3)]
        barrier, given = threading.Barrier(len(documents)), []

        def work(document: TradeDocument, own: str) -> None:
            barrier.wait()
            given.append(numbering.give(document, own, choose("ut11")))
            connection.close()

        threads = [threading.Thread(target=work, args=pair) for pair in zip(documents, ("15", "1-5", "0015", ""), strict=True)]
        self.run(threads)
        assert len({key(number) for number in given}) == len(documents)

    def test_workers_that_number_one_document_agree(self, base: OneCBase):
        document = TradeDocument.objects.create(base=base, entity_type_id=31, b24_id=15)
        barrier, given = threading.Barrier(4), []

        def work(own: str) -> None:
            barrier.wait()
            given.append(numbering.give(TradeDocument.objects.get(pk=document.pk), own, choose("ut11")))
            connection.close()

        self.run([threading.Thread(target=work, args=(str(own),)) for own in range(91, 95)])
        assert len(set(given)) == 1

    def run(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class TestUnderstood:
    def test_a_number_given_for_another_client_stays_readable_while_it_has_six_digits(self):
        row = choose("bp30")
        assert understood("СЧ-15", row)
        assert not understood("2026-000015", row)

    def test_ut11_reads_eleven_characters(self):
        assert understood("2026-000015", choose("ut11"))
        assert not understood("2026-0000015", choose("ut11"))

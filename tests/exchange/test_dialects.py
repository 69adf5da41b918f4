"""Which row a client gets."""

from __future__ import annotations

import pytest

from exchange.dialects import CONFIGURATIONS, OrderForm, choose, number


class TestChoose:
    @pytest.mark.parametrize("configuration", CONFIGURATIONS)
    def test_a_client_without_a_version_gets_two_lines_and_its_sales_taken_at_once(self, configuration: str):
        row = choose(configuration)
        assert row.init_version == ""
        assert row.sale_at_file

    def test_an_unknown_configuration_is_served_all_the_same(self):
        assert choose("something").name == "other"

    def test_a_version_of_three_is_the_vendor_module_whatever_was_picked(self):
        for configuration in CONFIGURATIONS:
            row = choose(configuration, "3.1")
            assert (row.name, row.order_form, row.sale_at_file) == ("module", OrderForm.CONTAINER, False)

    def test_unf_with_subordinate_documents_imports_its_sales_itself(self):
        row = choose("unf", "2.09", "2.10")
        assert (row.order_form, row.sale_at_file, row.init_version) == (OrderForm.SUBORDINATE, False, "2.09")

    def test_accounting_gets_subordinate_documents_when_it_asks_for_payments(self):
        row = choose("bp30", "", "2.10")
        assert (row.order_form, row.number_length, row.number_digits_only) == (OrderForm.SUBORDINATE, 6, True)
        assert row.init_version == ""

    def test_siblings_begin_with_210(self):
        assert choose("other", "2.09").order_form is OrderForm.BARE
        assert choose("other", "2.10").order_form is OrderForm.SIBLINGS

    def test_old_clients_read_the_windows_code_page(self):
        assert {choose(name).encoding for name in ("ut103", "upp13", "utp12", "ut11", "unf", "bp30", "other")} == {"windows-1251"}


class TestNumber:
    def test_compares_as_the_protocol_does(self):
        assert number("2.10") > number("2.09")
        assert number(" 3,1 ") == 3.1
        assert number("abc") == number("") == 0

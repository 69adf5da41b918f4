"""The words of the protocol."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import protocol
from exchange.protocol import Answer


class TestBodies:
    def test_checkauth_has_four_lines_and_a_clock_for_catalogues(self):
        assert protocol.signed_in("abc", "def", None).body == "success\nPHPSESSID\nabc\nsessid=def\n"
        assert protocol.signed_in("abc", "def", 17).body == "success\nPHPSESSID\nabc\nsessid=def\ntimestamp=17\n"

    def test_init_has_exactly_two_lines_without_a_last_line_end(self):
        assert protocol.parameters(zip_allowed=False, file_limit=204800).body == "zip=no\nfile_limit=204800"

    def test_init_has_four_lines_once_a_version_is_negotiated(self):
        answer = protocol.parameters(zip_allowed=True, file_limit=1, sessid="t", version="2.09")
        assert answer.body == "zip=yes\nfile_limit=1\nsessid=t\nversion=2.09"

    def test_a_document_keeps_letters_that_its_encoding_has_not(self):
        assert Answer("<a>ғ</a>", xml=True).encoded("windows-1251") == b"<a>&#1171;</a>"
        assert Answer("ғ").encoded("windows-1251") == b"?"

    @given(st.text(max_size=600))
    def test_a_sentence_is_short_and_plain_whatever_it_is_made_of(self, text: str):
        body = protocol.failure(text).body
        keyword, _, rest = body.partition("\n")
        assert keyword == "failure"
        assert 0 < len(rest) < 255
        assert not set(rest) & set("<>\r\0\x0b")
        assert all(line == line.strip(" ") for line in rest.split("\n"))


class TestNumbers:
    def test_counts_in_russian(self):
        forms = ("товар", "товара", "товаров")
        told = [protocol.counted(number, *forms) for number in (1, 2, 5, 11, 12, 14, 21, 104, 111, 12400)]
        assert told == [
            "1 товар", "2 товара", "5 товаров", "11 товаров", "12 товаров", "14 товаров", "21 товар", "104 товара", "111 товаров",
            "12 400 товаров",
        ]  # fmt: skip

    def test_says_how_far_a_file_is_read(self):
        assert protocol.reading_state({"products": 12400}, 0.64) == "Прочитано 12 400 товаров из файла (64 %)."
        assert protocol.reading_state({"offers": 3, "products": 1}, 0.5) == "Прочитано 1 товар и 3 предложения из файла (50 %)."
        assert protocol.reading_state({}, 1.7) == "Файл читается (99 %)."


class TestTexts:
    def test_every_fixed_text_fits_what_1c_shows(self):
        texts = [value for name, value in vars(protocol).items() if name.isupper() and isinstance(value, str)]
        texts += protocol.BAD_SESSID.values()
        long_name = "щ" * 255
        texts += [
            protocol.name_refused(long_name, protocol.NAME_LEADS_OUT), protocol.zip_twice(long_name), protocol.zip_broken(long_name),
            protocol.being_received(long_name), protocol.never_sent(long_name), protocol.write_failed(long_name),
            protocol.waiting_state(long_name, 10**12), protocol.upload_too_large(2**50), protocol.defect("0123abcd"),
            protocol.not_taken(10**9), protocol.too_many_tries(300),
        ]  # fmt: skip
        assert [text for text in texts if len(text) >= 255] == []
        assert not any(set(text) & set("<>") for text in texts)
        assert set(string.ascii_letters) >= set(protocol.COOKIE)


class TestUnreadable:
    @pytest.mark.parametrize(
        "reason", ["empty", "archive", "not-xml", "not-commerceml", "doctype", "huge", "cut-short", "broken", "new"]
    )
    def test_says_why_in_russian(self, reason: str):
        body = protocol.failure(protocol.unreadable(reason, 12, "html")).body
        assert body.startswith("failure\n")
        assert body.encode("windows-1251")
        assert any("а" <= letter <= "я" for letter in body)

    def test_names_the_place_of_a_break(self):
        assert "на строке 12" in protocol.unreadable("broken", 12, "")
        assert "на строке 7" in protocol.unreadable("cut-short", 7, "")
        assert "«html»" in protocol.unreadable("not-commerceml", 1, "html")

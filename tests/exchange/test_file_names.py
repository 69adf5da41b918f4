"""Names of files as 1C gives them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.file_names import clean_name, extension, is_picture, reading_order
from exchange.protocol import Refused

SENT = {
    "import0_1.xml": "import0_1.xml",
    "/tmp/import.xml": "import.xml",
    "upload/1c/webdata/offers.xml": "offers.xml",
    r"import_files\ab\x.JPG": "import_files/ab/x.JPG",
    "v8_12AB_3.zip": "v8_12AB_3.zip",
    "Цены (розница).xml": "Цены (розница).xml",
}
HOSTILE = [
    "", ".", "..", "/", "../import.xml", "a/../../import.xml", r"..\import.xml", "/etc/import.xml", "//host/share/a.xml", r"\\host\a.xml",
    "C:\\a.xml", "c:/a.xml", "a\0.xml", "a\n.xml", "a\u202egpj.xml", "a.php", "a.xml.php", ".htaccess", "import", "a//b.xml", "a/./b.xml",
    "a" * 300 + ".xml", "б" * 201 + ".xml", "/".join("abcdefghij") + ".xml", "x.xml/", "a\ufffd.xml", "con|.xml", " /a.xml", "a /b.xml",
]  # fmt: skip


class TestCleanName:
    @pytest.mark.parametrize(("name", "clean"), SENT.items())
    def test_takes_off_what_clients_put_before_a_name(self, name: str, clean: str):
        assert clean_name(name) == clean

    @pytest.mark.parametrize("name", HOSTILE)
    def test_refuses_what_leads_elsewhere_or_is_no_name(self, name: str):
        with pytest.raises(Refused) as refused:
            clean_name(name)
        assert refused.value.text.isprintable()
        assert len(refused.value.text) < 255

    @given(st.text(max_size=300))
    def test_never_lets_a_path_out(self, name: str):
        try:
            clean = clean_name(name)
        except Refused:
            return
        assert not clean.startswith("/")
        assert ".." not in clean.split("/")
        assert clean.isprintable()
        assert clean_name(clean) == clean


class TestExtension:
    def test_is_of_the_last_part(self):
        assert extension("a.b/c.XML") == "xml"
        assert extension(".htaccess") == extension("a.b/c") == ""
        assert is_picture("import_files/1.JPEG")
        assert not is_picture("import.xml")


class TestReadingOrder:
    def test_reads_goods_before_what_refers_to_them(self):
        names = ["rests_1.xml", "prices_1.xml", "offers0_1.xml", "import0_10.xml", "import0_2.xml", "groups_1.xml", "other.xml"]
        assert sorted(names, key=reading_order) == [
            "groups_1.xml", "import0_2.xml", "import0_10.xml", "other.xml", "offers0_1.xml", "prices_1.xml", "rests_1.xml",
        ]  # fmt: skip

"""The command check_file."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.exchange.commerceml.plain import DATA
from tests.exchange.planning.onec_files import document, file, item, money

CATALOG = DATA / "forms" / "catalog.xml"


def output_of(*arguments: object) -> str:
    out = io.StringIO()
    call_command("check_file", *map(str, arguments), stdout=out)
    return out.getvalue()


# Without the mark django_db, any access to the database would fail these tests.
class TestCheckFile:
    def test_says_in_words_what_a_file_holds(self) -> None:
        said = output_of(CATALOG)
        assert "2 groups, 1 property, 2 products." in said
        assert "Marked as deleted: 1." in said
        assert "It can be read to the end." in said

    def test_gives_a_line_of_json_per_file_in_an_archive_too(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "v8.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(CATALOG, "import.xml")
            archive.write(DATA / "forms" / "offers.xml", "webdata/offers.xml")
            archive.writestr("import_files/cup.jpg", b"x")
        first, second = map(json.loads, output_of(tmp_path / "v8.zip", "--json").splitlines())
        assert first["name"].endswith("v8.zip/import.xml")
        assert first["found"]["products"] == 2
        assert second["found"]["offers"] == 2
        assert first["error"] == second["error"] == ""

    def test_tells_what_documents_come_to_and_names_what_is_not_carried(self, tmp_path: Path) -> None:
        path = tmp_path / "orders.xml"
        told = "<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Курьер</Наименование><Значение>Пётр</Значение>"
        order = document(items=(item(),)).replace("</Документ>", f"{told}</ЗначениеРеквизита></ЗначенияРеквизитов></Документ>")
        path.write_bytes(file(order, money(), document(onec_id="p", operation="Заказ поставщику", number="9")))
        said = output_of(path)
        assert "Comes to 1 orders, 1 lines, 1 payments, 1 buyers, 1 without their order." in said
        assert "without a field of the portal's own: Курьер" in said
        assert "Not documents of a sale, left out: Заказ поставщику 9" in said
        sale = json.loads(output_of(path, "--json"))["sale"]
        assert sale["not_carried"]["Курьер"] == 1
        assert sale["counts"]["without their order"] == 1

    def test_tells_what_is_odd_with_its_line(self, tmp_path: Path) -> None:
        odd = tmp_path / "import.xml"
        odd.write_text(CATALOG.read_text().replace("<Артикул> Ч-7 </Артикул>", "<Новое>x</Новое>"))
        assert "Odd: not known, left out: Товар/Новое: x (line 31)" in output_of(odd)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (CATALOG.read_bytes()[:1500], "ends too early"),
            (b"", "empty"),
            (b"<html/>", "not a CommerceML file"),
            (b"PK\x05\x06" + bytes(18), "holds no XML file"),
        ],
    )
    def test_fails_with_a_sentence_on_a_file_it_cannot_read(self, tmp_path: Path, content: bytes, message: str) -> None:
        path = tmp_path / "import.xml"
        path.write_bytes(content)
        out = io.StringIO()
        with pytest.raises(CommandError, match="1 of 1 cannot be read to the end"):
            call_command("check_file", str(path), stdout=out)
        assert message in out.getvalue()

    def test_goes_on_to_the_next_file_when_one_is_missing(self, tmp_path: Path) -> None:
        out = io.StringIO()
        with pytest.raises(CommandError, match="1 of 2"):
            call_command("check_file", str(tmp_path / "none.xml"), str(CATALOG), stdout=out)
        assert "2 products" in out.getvalue()
        assert "cannot be opened" in out.getvalue()

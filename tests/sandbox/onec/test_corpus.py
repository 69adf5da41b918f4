"""A folder of files through an exchange, and the document of what became of each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox.onec import corpus
from sandbox.onec.cli import main
from sandbox.onec.clients.manners import MODULE31, C
from sandbox.onec.comparing import PortalState
from sandbox.onec.corpus_table import document
from sandbox.onec.looking import look
from tests.sandbox.onec.fake import LOGIN, PASSWORD, FakeServer, Reply

CATALOGUE = '<КоммерческаяИнформация ВерсияСхемы="2.05"><Каталог><Товары><Товар><Ид>{}</Ид></Товар></Товары></Каталог></КоммерческаяИнформация>'
OFFERS = (
    '<КоммерческаяИнформация ВерсияСхемы="3.1"><ПакетПредложений><Предложения><Предложение><Ид>a</Ид><Количество>1</Количество>'
    "</Предложение></Предложения></ПакетПредложений></КоммерческаяИнформация>"
)
ORDERS = "<КоммерческаяИнформация><Документ><Ид>1</Ид></Документ></КоммерческаяИнформация>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "shop/offers.xml": OFFERS,
        "shop/1 товар import.xml": CATALOGUE.format("a"),
        "orders.xml": ORDERS,
        "page.xml": "<html/>",
        "notes.txt": "x",
    }.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "in"


def run(server: FakeServer, *arguments: str) -> int:
    return main(["corpus", *arguments, "--url", server.url, "--login", LOGIN, "--password", PASSWORD])


class TestCorpus:
    def test_sends_every_file_by_itself_goods_before_offers(self, server: FakeServer, folder: Path, tmp_path: Path) -> None:
        assert run(server, str(folder), "--markdown", str(tmp_path / "found.md")) == 0
        assert [call.params["type"] for call in server.calls if call.params["mode"] == "checkauth"] == [
            "catalog",
            "catalog",
            "sale",
            "catalog",
        ]
        assert next(call.body for call in server.calls if call.params["mode"] == "file").decode() == CATALOGUE.format("a")
        assert server.imported == ["1 товар import.xml", "offers.xml", "orders.xml", "page.xml"]
        told = (tmp_path / "found.md").read_text("utf-8")
        assert "4 files" in told
        assert "4 answered `success`" in told
        assert "| `orders.xml` | documents |" in told

    def test_goes_on_after_a_refusal_and_ends_with_one(self, server: FakeServer, folder: Path, tmp_path: Path) -> None:
        server.wrong["import"] = lambda number: Reply("failure\nНет места".encode("cp1251")) if number == 1 else None
        assert run(server, str(folder), "--markdown", str(tmp_path / "found.md")) == 1
        told = (tmp_path / "found.md").read_text("utf-8")
        assert "3 answered `success`" in told
        assert "1 answered: failure: Нет места" in told

    def test_forgives_that_a_page_of_the_web_is_refused(self, server: FakeServer, folder: Path) -> None:
        server.wrong["import"] = lambda number: (
            Reply("failure\nno") if server.calls[-1].params["filename"] == "page.xml" else None
        )
        assert run(server, str(folder)) == 0

    def test_needs_files(self, server: FakeServer, tmp_path: Path) -> None:
        assert run(server, str(tmp_path)) == 2

    def test_speaks_as_the_one_who_wrote_the_file(self) -> None:
        assert corpus.manners_of(look(OFFERS.encode())) is MODULE31
        assert corpus.manners_of(look(CATALOGUE.encode())) is C


class TestInPortal:
    def test_counts_what_the_portal_has_of_a_file_by_its_ids(self) -> None:
        state: dict[str, Any] = {
            "portal": {"accounting": False},
            "products": [
                {"id": 1, "xmlId": "a", "quantity": 1, "active": "Y"},
                {"id": 2, "xmlId": "strange", "quantity": 1, "active": "Y"},
            ],
            "prices": [{"productId": 2}],
        }
        found = corpus.in_portal(look(OFFERS.encode()), PortalState(state))
        assert found == Counter({"offers": 1, "with stock": 1})
        assert not +corpus.in_portal(look(CATALOGUE.format("c").encode()), PortalState(state))


class TestDocument:
    def test_counts_the_problems_of_a_base_once(self) -> None:
        told = {"objects": {}, "problems": [{"cause": "name-missing", "kind": "product", "objects": 3, "example": "a"}]}
        results = [corpus.Result(f"{n}.xml", 1, look(b"<html/>"), login="one", told=told) for n in range(2)]
        assert "* Problems told to people: name-missing 3." in document(results, "# Head").splitlines()

    def test_says_what_is_missing_and_why(self) -> None:
        result = corpus.Result("import|1.xml", 1000, look(CATALOGUE.format("a").encode()), answer="success", is_taken=True)
        result.read = {"found": {"products": 1}, "deleted": 1, "error": ""}
        result.told = {
            "objects": {"product": {"told": 1, "waiting": 1, "in_portal": 0}},
            "problems": [{"cause": "name-missing", "kind": "product", "objects": 1, "example": "a"}],
        }
        row = document([result], "# Head").splitlines()[-1]
        assert row.startswith("| `import\\|1.xml` | catalogue | 1,000 | `catalog`: success | 1 products | 1 products | nothing |")
        for words in ("1 products", "1 marked as deleted", "waiting for what other files tell: 1 product", "name-missing × 1"):
            assert words in row.rpartition("nothing |")[2]

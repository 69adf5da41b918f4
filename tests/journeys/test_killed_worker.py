"""A worker that is killed at any moment of a push loses nothing and doubles nothing."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connections
from django.utils import timezone

from b24app import lanes
from b24app.models import Lane, Portal
from exchange.imports import push
from exchange.models import ImportRun, OneCBase, Problem, StateRow, UploadedFile
from exchange.pictures import keep_pictures
from exchange.sessions import open_session
from sandbox.portal.server import PortalServer
from tests.exchange.imports.conftest import Send, base, push_all, tell  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 50
ITEMS = 240


def pictures_of(item: int) -> list[str]:
    """The first is the main one; the further ones are requests of their own."""
    return [f"{item}_{place}.png" for place in range(3)] if item % 4 == 0 else []


def send_pictures(base: OneCBase, folder: Path) -> None:  # noqa: F811
    """The pictures as 1C sends them, taken into the base's store."""
    session, _ = open_session(base, "catalog")
    for name in [name for item in range(ITEMS) for name in pictures_of(item)]:
        path = folder / name
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + name.encode())
        UploadedFile.objects.create(session=session, name=f"import_files/{name}", path=str(path), size=path.stat().st_size)
    keep_pictures(ImportRun.objects.create(base=base, session=session, type="catalog", file_name="import.xml", path=""))


def goods() -> str:
    groups = "".join(f"<Группа><Ид>g{n}</Ид><Наименование>Группа {n}</Наименование></Группа>" for n in range(12))
    items = "".join(
        f"<Товар><Ид>i{n}</Ид><Артикул>A{n}</Артикул><Наименование>Товар {n}</Наименование><Группы><Ид>g{n % 12}</Ид></Группы>"
        + "".join(f"<Картинка>import_files/{name}</Картинка>" for name in pictures_of(n))
        + "</Товар>"
        for n in range(ITEMS)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07"><Классификатор><Ид>c</Ид>'
        f"<Наименование>К</Наименование><Группы>{groups}</Группы></Классификатор><Каталог><Ид>k</Ид>"
        f"<Наименование>К</Наименование><Товары>{items}</Товары></Каталог></КоммерческаяИнформация>"
    )


def offers() -> str:
    def one(key: str, trait: str, price: int) -> str:
        said = f"<Наименование>Размер</Наименование><Значение>{trait}</Значение>"
        traits = (
            f"<ХарактеристикиТовара><ХарактеристикаТовара>{said}</ХарактеристикаТовара></ХарактеристикиТовара>" if trait else ""
        )
        return (
            f"<Предложение><Ид>{key}</Ид><Наименование>{key}</Наименование>{traits}<Цены><Цена><ИдТипаЦены>t</ИдТипаЦены>"
            f"<ЦенаЗаЕдиницу>{price}</ЦенаЗаЕдиницу><Валюта>руб</Валюта></Цена></Цены><Количество>{price % 7}</Количество></Предложение>"
        )

    rows = [
        one(f"i{n}#{size}", str(size), 100 + n + size) if n % 3 == 0 else one(f"i{n}", "", 100 + n)
        for n in range(ITEMS)
        for size in ((1, 2) if n % 3 == 0 else (0,))
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07"><ПакетПредложений><Ид>k#</Ид>'
        "<Наименование>П</Наименование><ИдКаталога>k</ИдКаталога><ТипыЦен><ТипЦены><Ид>t</Ид><Наименование>Розничная</Наименование>"
        f"<Валюта>руб</Валюта></ТипЦены></ТипыЦен><Предложения>{''.join(rows)}</Предложения></ПакетПредложений></КоммерческаяИнформация>"
    )


def work(portal_id: int) -> None:
    """What a worker does, in a process of its own."""
    wrapper = connections["default"]
    wrapper._connection_pools.clear()  # type: ignore[attr-defined]  # the parent's pool is of no use after a fork
    wrapper.connection = None
    claim = lanes.claim("killed", portal_id)
    if claim is not None:
        lanes.release(claim, push.push(claim, until=time.monotonic() + 30))


class TestKilledWorker:
    def test_ends_in_the_same_state_and_doubles_nothing(
        self,
        tell: Send,  # noqa: F811
        push_all: Callable[[], None],  # noqa: F811
        bitrix24: PortalServer,
        portal: Portal,
        base: OneCBase,  # noqa: F811
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        send_pictures(base, tmp_path)
        monkeypatch.setattr(settings, "B24_REQUEST_LIMIT", 1.0)
        tell(goods())
        tell(offers())
        bitrix24.portal.options.answer_time = {"*": 0.004}
        dice, interrupted = random.Random(7), 0
        for _ in range(4 * KILLS):
            self._time_passes(portal)
            worker = multiprocessing.get_context("fork").Process(target=work, args=(portal.pk,))
            worker.start()
            worker.join(dice.uniform(0.02, 0.5))
            interrupted += worker.is_alive()
            worker.kill()
            worker.join()
            if interrupted == KILLS:
                break
        assert interrupted == KILLS
        bitrix24.portal.options.answer_time = {}
        deadline = time.monotonic() + 60
        while push.next_due(portal.pk) is not None and time.monotonic() < deadline:
            self._time_passes(portal)
            push_all()
        assert list(Problem.objects.values_list("cause", "facts")) == []
        assert StateRow.objects.filter(adding_since__isnull=False).count() == 0
        self._complete(bitrix24)

    @staticmethod
    def _time_passes(portal: Portal) -> None:
        """The lease of the killed worker is over, something is due, and the time it had set aside for its calls has aged out."""
        broker = redis.Redis.from_url(settings.REDIS_CLIENT_URL)
        for key in broker.scan_iter(f"*{portal.member_id}*"):
            broker.delete(key)
        Lane.objects.filter(portal=portal).update(lease_until=None, due_at=timezone.now())

    @staticmethod
    def _complete(portal_double: PortalServer) -> None:
        state = portal_double.state
        for kind in ("products", "sections", "price_types", "properties", "enums"):
            ids = Counter((row.get("iblockId"), row.get("propertyId"), row["xmlId"]) for row in state[kind] if row.get("xmlId"))
            assert [key for key, times in ids.items() if times > 1] == [], kind
        shapes = Counter(row["type"] for row in state["products"])
        variants = len([n for n in range(ITEMS) if n % 3 == 0])
        assert shapes == {1: ITEMS - variants, 3: variants, 4: 2 * variants}
        images = Counter(row["productId"] for row in state["images"])
        pictured = {state.one("products", xmlId=f"i{n}")["id"] for n in range(ITEMS) if pictures_of(n)}
        assert images == dict.fromkeys(pictured, 2)
        prices = {(state.get("products", row["productId"]) or {})["xmlId"]: row["price"] for row in state["prices"]}
        assert prices == {
            (f"i{n}#{size}" if n % 3 == 0 else f"i{n}"): 100 + n + size
            for n in range(ITEMS)
            for size in ((1, 2) if n % 3 == 0 else (0,))
        }

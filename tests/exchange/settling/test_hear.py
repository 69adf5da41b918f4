from __future__ import annotations

import pytest
from django.utils import timezone

from b24app import lanes
from b24app.events.registry import Heard, handlers_of
from exchange.models import HeardObject, OneCBase
from exchange.settling import hear
from exchange.settling.memory import Memory
from tests.exchange.settling.world import INVOICE, World


class TestObjectOf:
    @pytest.mark.parametrize(
        ("code", "fields", "key"),
        [
            ("ONCRMDEALUPDATE", {"ID": "7"}, (2, 7)),
            ("ONCRMDEALMOVETOCATEGORY", {"ID": "7"}, (2, 7)),
            ("ONCRMDYNAMICITEMDELETE", {"ID": "7", "ENTITY_TYPE_ID": "31"}, (31, 7)),
            ("ONCRMDYNAMICITEMADD", {"ID": "7", "ENTITY_TYPE_ID": "130"}, None),
            ("ONCRMCOMPANYADD", {"ID": "7"}, (4, 7)),
            ("ONCRMREQUISITEDELETE", {"ID": "7"}, (8, 7)),
            ("ONCRMBANKDETAILUPDATE", {"ID": "7"}, (hear.BANK_DETAIL, 7)),
            ("ONCRMADDRESSREGISTER", {"ENTITY_TYPE_ID": "8", "ENTITY_ID": "5", "ANCHOR_TYPE_ID": "4", "ANCHOR_ID": "7"}, (4, 7)),
            ("ONCRMADDRESSUNREGISTER", {"ENTITY_TYPE_ID": "8", "ENTITY_ID": "5"}, (8, 5)),
            ("ONCRMADDRESSUNREGISTER", {"ENTITY_TYPE_ID": "1", "ENTITY_ID": "5"}, None),
            ("ONCRMDEALUPDATE", {"ID": "x"}, None),
            ("ONCRMDEALUPDATE", {}, None),
        ],
    )
    def test_names_the_object_or_nothing(self, code: str, fields: dict[str, str], key: tuple[int, int] | None) -> None:
        assert hear.object_of(Heard(1, code, "", fields)) == key

    def test_every_code_has_a_listener(self) -> None:
        assert all(handlers_of(code) for code in hear.CODES)


@pytest.mark.django_db
class TestNote:
    def test_keeps_one_row_and_its_place_however_often_it_is_told(self, world: World) -> None:
        world.hear((INVOICE, 1), (INVOICE, 2))
        first = HeardObject.objects.get(b24_id=1)
        world.hear((INVOICE, 1))
        again = HeardObject.objects.get(b24_id=1)
        assert (again.version, again.heard_at) == (2, first.heard_at)
        assert lanes.is_due(world.portal.pk, lanes.DOCUMENTS)
        assert not lanes.is_due(world.portal.pk)

    def test_is_silent_where_nobody_exchanges(self, world: World) -> None:
        OneCBase.objects.update(paused_at=timezone.now())
        world.hear((INVOICE, 1))
        assert not HeardObject.objects.exists()


class TestMemory:
    def test_forgets_after_its_time_and_when_told_to(self) -> None:
        now = [0.0]
        memory = Memory(10, clock=lambda: now[0])
        memory.keep("a", 1)
        memory.keep("b", 2)
        memory.forget("b")
        now[0] = 9.9
        assert (memory.get("a"), memory.get("b")) == (1, None)
        now[0] = 10
        assert memory.get("a") is None

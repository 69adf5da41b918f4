"""The smallest set of writes for a difference."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exchange.planning.parties import phones
from exchange.settling.party_commands import multifield_changes, origin_id

SPELLINGS = ["+79161112233", "8 916 111-22-33", "+74951234567", "8 (495) 123-45-67", "+79990000000", "нет"]


def written(rows: list[dict[str, Any]], changes: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """What the portal makes of `fm` in crm.item.update: by id, emptied ones go, n0 … come."""
    found = {str(row["id"]): dict(row) for row in rows}
    fresh = 1000
    for key, change in changes.items():
        if key in found and not change["value"]:
            del found[key]
        elif key in found:
            found[key].update(change)
        else:
            found[str(fresh)] = {"id": fresh, **change}
            fresh += 1
    return list(found.values())


rows = st.lists(st.sampled_from(SPELLINGS), max_size=4).map(
    lambda values: [
        {"id": place + 1, "typeId": "PHONE", "valueType": "MOBILE", "value": value} for place, value in enumerate(values)
    ]
)
wanted = st.lists(st.sampled_from(["+79161112233", "+74951234567", "+79990000000"]), unique=True, max_size=3)


class TestMultifieldChanges:
    @given(rows, wanted)
    def test_bring_about_what_is_wanted_and_then_nothing(self, have, want):
        after = written(have, multifield_changes({"fm": have}, want, None, "RU"))
        assert set(phones([row["value"] for row in after], "RU")) == set(want)
        assert multifield_changes({"fm": after}, want, None, "RU") == {}

    @given(rows, wanted)
    def test_never_multiply(self, have, want):
        after = written(have, multifield_changes({"fm": have}, want, None, "RU"))
        spoken = set(phones([row["value"] for row in have], "RU"))
        assert len(after) <= len(have) + max(0, len(set(want) - spoken) - len(spoken - set(want)))

    def test_keep_the_id_and_type_of_a_changed_phone(self):
        have = [{"id": 7, "typeId": "PHONE", "valueType": "MOBILE", "value": "8 916 111-22-33"}]
        assert multifield_changes({"fm": have}, ["+74951234567"], None, "RU") == {
            "7": {"typeId": "PHONE", "valueType": "MOBILE", "value": "+74951234567"}
        }

    def test_leave_what_is_written_differently(self):
        have = [{"id": 7, "typeId": "PHONE", "valueType": "WORK", "value": "8 916 111-22-33"}]
        assert multifield_changes({"fm": have}, ["+79161112233"], [], "RU") == {}


class TestOriginId:
    def test_is_1cs_own_when_the_portal_can_hold_it(self):
        assert origin_id("3f2b8f0e-0000-4000-8000-000000000001") == "3f2b8f0e-0000-4000-8000-000000000001"

    def test_of_a_long_name_is_short_and_its_own(self):
        long = ["name:" + "очень длинное имя " * 4 + end for end in ("а", "б")]
        assert len({origin_id(one) for one in long}) == 2
        assert all(len(origin_id(one)) <= 40 for one in long)

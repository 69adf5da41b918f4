"""The decision about goods that a full export lacks."""

from __future__ import annotations

from django.utils import timezone

from exchange.models import Problem, StateRow
from tests.b24app.pages.conftest import Person, make_base, make_portal, make_problem

PAGE = "/b24/overview/"


def proposed(person: Person) -> Problem:
    """Two of the base's items wait for a decision."""
    base = make_base(person.portal)
    mark = {"name": "Boots", "deleted": False, "absent": {"state": "proposed", "since": timezone.now().isoformat()}}
    for number in range(2):
        StateRow.objects.create(base=base, kind="product", onec_id=f"g{number}", main=mark, pushed_version=1)
    facts = {"absent": 2, "total": 10, "names": "Boots, Laces", "catalogs": ["cat"]}
    return make_problem(base, "too-many-absent", kind="", onec_id="", name=base.name, facts=facts)


def states() -> list[str]:
    return [row.main["absent"]["state"] for row in StateRow.objects.order_by("pk") if row.main]


class TestAbsent:
    def test_is_asked_with_numbers_and_names(self, admin: Person) -> None:
        problem = proposed(admin)
        html = admin.get(PAGE).content.decode()
        assert "Missing: 2 of 10, for example: Boots, Laces" in html
        assert f"/b24/problems/{problem.pk}/absent/switch-off/" in html
        assert "cause" not in html.partition("Switch off in Bitrix24")[2].partition("</article>")[0]

    def test_is_switched_off_by_an_administrator(self, admin: Person) -> None:
        problem = proposed(admin)
        answer = admin.post(f"/b24/problems/{problem.pk}/absent/switch-off/")
        assert answer.status_code == 204
        assert states() == ["off", "off"]
        assert not Problem.objects.filter(closed_at=None).exists()
        assert StateRow.objects.filter(pushed_version__lt=2, version=2).count() == 2

    def test_stays_on_when_an_administrator_says_so(self, admin: Person) -> None:
        problem = proposed(admin)
        assert admin.post(f"/b24/problems/{problem.pk}/absent/leave/").status_code == 204
        assert states() == ["kept", "kept"]
        assert not Problem.objects.filter(closed_at=None).exists()

    def test_is_not_for_employees_nor_for_other_portals(self, admin: Person, employee: Person) -> None:
        problem = proposed(admin)
        stranger = Person(make_portal(), admin=True)
        for action in ("switch-off", "leave"):
            assert employee.post(f"/b24/problems/{problem.pk}/absent/{action}/").status_code == 403
            assert stranger.post(f"/b24/problems/{problem.pk}/absent/{action}/").status_code == 404
        assert states() == ["proposed", "proposed"]

    def test_is_no_way_to_other_problems(self, admin: Person) -> None:
        problem = make_problem(make_base(admin.portal))
        assert admin.post(f"/b24/problems/{problem.pk}/absent/switch-off/").status_code == 404

"""Problems are opened once, counted, and closed."""

from __future__ import annotations

from b24app.models import Portal
from exchange.models import ImportRun, OneCBase, Problem
from exchange.reports import Trouble, close, close_many, report, report_many


class TestReport:
    def test_counts_an_open_problem_and_takes_the_newer_facts(self, shop: Portal, base: OneCBase):
        run = ImportRun.objects.create(base=base, type="catalog", file_name="a.xml", path="")
        report(portal=shop, base=base, cause="no-unit", kind="product", onec_id="1", name="Стол", facts={"unit": "a"})
        report(portal=shop, base=base, cause="no-unit", kind="product", onec_id="1", facts={"unit": "b"}, run=run)
        problem = Problem.objects.get()
        assert (problem.times, problem.name, problem.facts, problem.run) == (2, "Стол", {"unit": "b"}, run)
        assert problem.last_at >= problem.first_at

    def test_a_problem_without_a_base_is_one_too(self, shop: Portal):
        report(portal=shop, base=None, cause="access")
        report(portal=shop, base=None, cause="access")
        assert Problem.objects.get().times == 2

    def test_a_closed_problem_opens_anew(self, shop: Portal, base: OneCBase):
        report(portal=shop, base=base, cause="a")
        assert close(portal=shop, base=base, cause="a")
        assert not close(portal=shop, base=base, cause="a")
        report(portal=shop, base=base, cause="a")
        assert Problem.objects.count() == 2

    def test_reports_many_at_once_and_equal_ones_together(self, shop: Portal, base: OneCBase):
        troubles = [Trouble("a", "product", str(number % 3), facts={"n": number, "nul": "\0"}) for number in range(9)]
        assert report_many(troubles, portal=shop, base=base) == 3
        assert [row.times for row in Problem.objects.order_by("onec_id")] == [3, 3, 3]
        assert Problem.objects.get(onec_id="2").facts["n"] == 8
        assert report_many([], portal=shop, base=base) == 0

    def test_cuts_what_does_not_fit(self, shop: Portal, base: OneCBase):
        report(portal=shop, base=base, cause="c" * 99, onec_id="x" * 999, name="y\0" * 999)
        problem = Problem.objects.get()
        assert (len(problem.cause), len(problem.onec_id), len(problem.name)) == (60, 255, 255)


class TestCloseMany:
    def test_closes_the_problems_of_these_objects_in_this_base(self, shop: Portal, base: OneCBase):
        report_many([Trouble(cause, "product", number) for cause in "ab" for number in "123"], portal=shop, base=base)
        assert close_many(portal=shop, base=None, kind="product", onec_ids=["1"]) == 0
        assert close_many(portal=shop, base=base, kind="product", onec_ids=["1", "2"], causes=["a"]) == 2
        assert close_many(portal=shop, base=base, kind="product", onec_ids=["1", "2"]) == 2
        assert Problem.objects.filter(closed_at=None).count() == 2

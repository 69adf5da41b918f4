from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from b24app import lanes
from b24app.models import Lane, Portal
from tests.processes import ROOT, until

LONG_AGO = dt.timedelta(hours=1)


def make_portal(number: int) -> Portal:
    return Portal.objects.create(
        member_id=f"m{number}", domain=f"p{number}.test", client_endpoint=f"https://p{number}.test/rest/"
    )


def let_the_lease_end(portal: Portal) -> None:
    Lane.objects.filter(portal=portal).update(lease_until=timezone.now() - LONG_AGO)


@pytest.fixture
def one(db) -> Portal:
    return make_portal(1)


class TestMark:
    def test_makes_a_lane_that_is_due_now(self, one):
        lanes.mark_due(one.pk)
        assert lanes.due(10) == [one.pk]

    def test_for_later_waits(self, one):
        lanes.mark_due(one.pk, timezone.now() + LONG_AGO)
        assert lanes.due(10) == []
        assert lanes.claim("w") is None

    def test_never_moves_a_lane_further_away(self, one):
        early = timezone.now() + dt.timedelta(minutes=1)
        lanes.mark_due(one.pk, early)
        lanes.mark_due(one.pk, timezone.now() + LONG_AGO)
        assert Lane.objects.get().due_at == early

    def test_made_while_somebody_works_is_there_when_he_goes(self, one):
        lanes.mark_due(one.pk)
        claim = lanes.claim("w")
        assert claim
        lanes.mark_due(one.pk)
        assert lanes.claim("other") is None
        lanes.release(claim, None)
        assert lanes.claim("other")

    def test_survives_a_release_with_a_later_time(self, one):
        lanes.mark_due(one.pk)
        claim = lanes.claim("w")
        assert claim
        lanes.mark_due(one.pk)
        lanes.release(claim, timezone.now() + LONG_AGO)
        assert lanes.due(10) == [one.pk]


class TestClaim:
    def test_takes_the_lane_that_waited_longest(self, db):
        portals = [make_portal(number) for number in range(3)]
        for portal, minutes in zip(portals, (5, 30, 10), strict=True):
            lanes.mark_due(portal.pk, timezone.now() - dt.timedelta(minutes=minutes))
        assert lanes.due(10) == [portals[1].pk, portals[2].pk, portals[0].pk]
        taken = [claim.portal_id for claim in iter(lambda: lanes.claim("w"), None)]
        assert taken == [portals[1].pk, portals[2].pk, portals[0].pk]

    def test_of_one_portal_takes_no_other(self, db):
        first, second = make_portal(1), make_portal(2)
        lanes.mark_due(first.pk)
        assert lanes.claim("w", second.pk) is None
        assert lanes.claim("w", first.pk) == lanes.Claim(first.pk, 1)

    def test_is_for_one_worker_until_he_gives_it_back(self, one):
        lanes.mark_due(one.pk)
        claim = lanes.claim("w")
        assert claim
        assert lanes.claim("other") is None
        lanes.release(claim, timezone.now())
        again = lanes.claim("other")
        assert again
        assert again.fence == claim.fence + 1

    def test_without_more_to_do_leaves_the_lane_at_rest(self, one):
        lanes.mark_due(one.pk)
        claim = lanes.claim("w")
        assert claim
        lanes.release(claim, None)
        assert lanes.due(10) == []
        assert lanes.claim("other") is None


class TestTakeover:
    def test_follows_when_the_owner_vanished(self, one):
        lanes.mark_due(one.pk)
        lanes.claim("killed")
        let_the_lease_end(one)
        assert lanes.due(10) == [one.pk]
        assert lanes.claim("other") == lanes.Claim(one.pk, 2)

    def test_shuts_the_old_owner_out(self, one):
        lanes.mark_due(one.pk)
        old = lanes.claim("slow")
        assert old
        let_the_lease_end(one)
        new = lanes.claim("other")
        assert new
        with pytest.raises(lanes.LaneLost):
            lanes.hold(old)
        lanes.release(old, timezone.now())
        assert Lane.objects.get().owner == "other"
        lanes.hold(new)

    @transaction.atomic
    def save(self, claim: lanes.Claim) -> None:
        Portal.objects.filter(pk=claim.portal_id).update(licence="half done")
        lanes.hold(claim)

    def test_undoes_what_the_old_owner_was_saving(self, one):
        lanes.mark_due(one.pk)
        old = lanes.claim("slow")
        assert old
        let_the_lease_end(one)
        lanes.claim("other")
        with pytest.raises(lanes.LaneLost):
            self.save(old)
        one.refresh_from_db()
        assert one.licence == ""

    def test_does_not_happen_to_one_who_holds_on(self, one):
        lanes.mark_due(one.pk)
        claim = lanes.claim("w")
        assert claim
        let_the_lease_end(one)
        lanes.hold(claim)
        assert lanes.claim("other") is None


WORKER = """
import sys, time, django
django.setup()
from django.db import connection, transaction
from b24app import lanes
from b24app.models import Portal
name, stop = sys.argv[1], float(sys.argv[2])
while time.time() < stop:
    claim = lanes.claim(name)
    if claim is None:
        time.sleep(0.01)
        continue
    with transaction.atomic():
        portal = Portal.objects.get(pk=claim.portal_id)
        steps = [*portal.facts.get("steps", []), [name, claim.fence]]
        time.sleep(0.002)
        Portal.objects.filter(pk=portal.pk).update(facts={"steps": steps})
        lanes.hold(claim)
    if "dies" in name and len(steps) > 3:
        print("dead", flush=True)
        time.sleep(60)
    more = len(steps) < 12
    if more:
        lanes.mark_due(claim.portal_id)
    lanes.release(claim, None)
"""


@pytest.mark.django_db(transaction=True)
class TestWorkers:
    def test_take_each_lane_once_when_they_all_try_at_the_same_time(self):
        portals = [make_portal(number) for number in range(4)]
        for portal in portals:
            lanes.mark_due(portal.pk)
        taken: list[lanes.Claim | None] = []
        gate = threading.Barrier(8)

        def work() -> None:
            gate.wait()
            taken.append(lanes.claim(threading.current_thread().name))
            connection.close()

        run_all([work] * 8)
        claims = [claim.portal_id for claim in taken if claim]
        assert sorted(claims) == sorted(portal.pk for portal in portals)

    def test_keep_order_and_lose_nothing_when_one_is_killed(self, tmp_path):
        """Real processes: one is killed while it holds a lane; the others take over and no step is lost, doubled or out of order."""
        portals = [make_portal(number) for number in range(6)]
        for portal in portals:
            lanes.mark_due(portal.pk)
        script = tmp_path / "worker.py"
        script.write_text(WORKER)
        database = connection.settings_dict
        url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "b24app.settings", "PYTHONPATH": str(ROOT)}
        stop = str(time.time() + 60)
        workers = [
            subprocess.Popen([sys.executable, script, name, stop], env=environment, stdout=subprocess.PIPE, text=True)
            for name in ("dies", "lives-1", "lives-2")
        ]
        try:
            assert workers[0].stdout
            assert workers[0].stdout.readline() == "dead\n"
            workers[0].kill()
            Lane.objects.filter(owner="dies").update(lease_until=timezone.now() - LONG_AGO)
            until(lambda: all(len(steps) >= 12 for steps in all_steps()), lambda: str(all_steps()))
        finally:
            for worker in workers:
                worker.kill()
                worker.communicate()
        for steps in all_steps():
            fences = [fence for _, fence in steps]
            assert fences == list(range(1, len(fences) + 1))


def run_all(work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=step) for step in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def all_steps() -> list[list[list[object]]]:
    return [portal.facts.get("steps", []) for portal in Portal.objects.all()]

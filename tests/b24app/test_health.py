from __future__ import annotations

import json

import pytest
import redis
from django.conf import settings as current
from django.test import Client

from b24app import health


@pytest.fixture
def worker(monkeypatch, tmp_path):
    """A worker's word under a name of this test alone: the broker is shared."""
    monkeypatch.setattr(health, "WORKER_KEY", f"test:{tmp_path}")
    yield
    redis.Redis.from_url(current.REDIS_CLIENT_URL).delete(health.WORKER_KEY)


class TestLive:
    def test_needs_nothing(self):
        assert Client().get("/health/live").status_code == 200


class TestReady:
    def test_needs_a_worker(self, db, worker):
        answer = Client().get("/health/ready")
        assert answer.status_code == 503
        assert json.loads(answer.content) == {"web": True, "database": True, "broker": True, "worker": False}

    def test_is_reached_once_a_worker_says_so(self, db, worker):
        health.note_worker()
        assert Client().get("/health/ready").status_code == 200

    def test_forgets_a_worker_that_falls_silent(self, db, worker):
        health.note_worker()
        left = redis.Redis.from_url(current.REDIS_CLIENT_URL).ttl(health.WORKER_KEY)
        assert 0 < left <= health.WORKER_SECONDS

    def test_needs_the_broker(self, db, worker, settings, tmp_path):
        settings.REDIS_CLIENT_URL = f"unix://{tmp_path}/none.sock"
        answer = Client().get("/health/ready")
        assert answer.status_code == 503
        assert json.loads(answer.content)["broker"] is False

    def test_says_nothing_of_why(self, db, worker, settings, tmp_path):
        settings.REDIS_CLIENT_URL = f"unix://{tmp_path}/none.sock"
        assert str(tmp_path) not in Client().get("/health/ready").content.decode()


class TestMetrics:
    def test_count_what_is_there(self, portal):
        text = Client().get("/metrics").content.decode()
        assert "onec_bridge_portals 1\n" in text
        assert "onec_bridge_objects_due 0\n" in text
        assert all(line.startswith(("# HELP", "# TYPE", "onec_bridge_")) for line in text.splitlines())

    @pytest.mark.parametrize(
        "sent", [{"REMOTE_ADDR": "203.0.113.5"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.5"}, {"HTTP_FORWARDED": "for=x"}]
    )
    def test_are_for_this_machine(self, db, sent):
        assert Client().get("/metrics", **sent).status_code == 403

    def test_are_for_whoever_has_the_token_when_there_is_one(self, db, settings):
        settings.METRICS_TOKEN = "let-me-in"
        assert Client().get("/metrics").status_code == 403
        assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
        answer = Client().get("/metrics", REMOTE_ADDR="203.0.113.5", headers={"Authorization": "Bearer let-me-in"})
        assert answer.status_code == 200

"""The Celery app: it only wakes workers; what is due stands in PostgreSQL."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import heartbeat_sent, worker_ready
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "b24app.settings")

app = Celery("b24app")
app.config_from_object("django.conf:settings", namespace="CELERY")
# What a person waits for stands in a queue of its own, with workers of its own (Procfile): never behind a slice of a catalogue.
# A worker that is told no queues takes both.
DOCUMENTS = "documents"
app.conf.update(
    task_queues=(Queue("celery"), Queue(DOCUMENTS)),
    task_default_queue="celery",
    task_routes={name: {"queue": DOCUMENTS} for name in ("exchange.settle", "exchange.tick_documents", "b24app.handle_events")},
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    task_soft_time_limit=90,
    task_time_limit=120,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # kombu sweeps unacknowledged messages about every 100 s unless told otherwise.
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # Who sends a message without a broker hears of it at once: unless told otherwise kombu waits for seconds, and with it the
        # web thread that answers 1C or the portal.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    worker_redirect_stdouts=False,
    beat_schedule={
        "tick": {"task": "exchange.tick", "schedule": 2.0},
        "tick documents": {"task": "exchange.tick_documents", "schedule": 2.0},
        "tidy": {"task": "exchange.tidy", "schedule": 300.0},
        # A second chance for events whose message was lost, and the queue of those that never came.
        "events": {"task": "b24app.handle_events", "schedule": 15.0},
        "offline events": {"task": "b24app.drain_offline", "schedule": 60.0},
        "sweep": {"task": "exchange.sweep", "schedule": 300.0},
        "troubles": {"task": "b24app.look_again", "schedule": 600.0},
        "notices": {"task": "b24app.tell_problems", "schedule": 300.0},
        "reconcile": {"task": "exchange.reconcile", "schedule": crontab(hour=1, minute=40)},
        "daily": {"task": "b24app.daily", "schedule": crontab(hour=3, minute=17)},
    },
)
app.autodiscover_tasks()
app.autodiscover_tasks(["b24app.events", "b24app.pages"])


@worker_ready.connect
@heartbeat_sent.connect
def worker_lives(**_: Any) -> None:
    """Tell /health/ready every two seconds that a worker is there (its main process says so, however busy the pool is)."""
    from b24app.health import note_worker

    note_worker()

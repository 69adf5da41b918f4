"""The Celery app is loaded with Django in every process, so that the web process sends tasks to the configured broker."""

from b24app.celery import app as celery_app

__all__ = ["celery_app"]

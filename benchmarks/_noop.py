"""A Django that does nothing, to compare with: one view, no middleware, no database. `gunicorn benchmarks._noop:application`."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def nothing(request: HttpRequest) -> HttpResponse:
    """200 and nothing else."""
    return HttpResponse(status=200, headers={"Content-Length": "0"})


urlpatterns = [path("noop/", nothing)]
settings.configure(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"], SECRET_KEY="benchmark", USE_I18N=False)
application = get_wsgi_application()

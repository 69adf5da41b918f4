"""The outside contract: every address of the app, in one place."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from b24app import frame, health
from b24app.pages import cards

urlpatterns: list[URLPattern | URLResolver] = [
    path("b24/install/", include("b24app.oauth.urls")),
    path("b24/events/", include("b24app.events.urls")),
    path("b24/renew/", frame.renew, name="renew"),
    path("b24/placement/", cards.opened, name="placement"),
    path("b24/", include("b24app.pages.urls")),
    path("", include("exchange.urls")),
    path("accounts/", include("b24app.login.urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
]

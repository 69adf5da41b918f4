"""The outside contract: every address of the app, in one place."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from b24app import frame

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("exchange.urls")),
    path("b24/install/", include("b24app.oauth.urls")),
    path("b24/renew/", frame.renew, name="renew"),
    path("b24/", include("b24app.pages.urls")),
    path("accounts/", include("b24app.login.urls")),
    path("admin/", admin.site.urls),
]

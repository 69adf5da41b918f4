"""Where 1C calls: its own address, and the two that clients were built for; all three share one space of logins."""

from django.urls import re_path

from exchange import views

# Some clients add the old path to whatever address was typed, and people forget the last slash.
urlpatterns = [
    re_path(r"^1c/(?P<key>[^/]+)(?:/.*)?$", views.exchange, name="onec"),
    re_path(r"^bitrix/admin/1c_exchange\.php/?$", views.exchange, name="onec-site"),
    re_path(r"^crm/1c_exchange\.php/?$", views.exchange, name="onec-crm"),
]

"""The address for the portal's events."""

from django.urls import path

from b24app.events import views

app_name = "events"
urlpatterns = [path("", views.inbox, name="inbox")]

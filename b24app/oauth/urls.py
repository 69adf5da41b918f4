"""The installation's address."""

from django.urls import path

from b24app.oauth import views

app_name = "oauth"
urlpatterns = [path("", views.installation, name="install")]

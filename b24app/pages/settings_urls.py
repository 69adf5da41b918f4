"""Addresses of the settings (part of b24app/pages/urls.py)."""

from django.urls import path

from b24app.pages import settings

urlpatterns = [
    path("settings/", settings.settings, name="settings"),
    path("settings/<int:base_id>/<slug:slug>/", settings.section, name="settings_section"),
    path("settings/<int:base_id>/<slug:slug>/save/", settings.save_section, name="settings_save"),
    path("settings/<int:base_id>/<slug:slug>/ahead/", settings.look_ahead, name="settings_ahead"),
]

"""Addresses of the settings (part of b24app/pages/urls.py)."""

from django.urls import path

from b24app.pages import settings, settings_history

urlpatterns = [
    path("settings/", settings.settings, name="settings"),
    path("settings/<int:base_id>/history/", settings_history.history, name="settings_history"),
    path("settings/<int:base_id>/history/<int:version>/", settings_history.ask_put_back, name="settings_ask_put_back"),
    path("settings/<int:base_id>/history/<int:version>/put-back/", settings_history.put_back, name="settings_put_back"),
    path("settings/<int:base_id>/file/", settings_history.file, name="settings_file"),
    path("settings/<int:base_id>/file/export/", settings_history.export, name="settings_export"),
    path("settings/<int:base_id>/file/look/", settings_history.look_into, name="settings_look_into"),
    path("settings/<int:base_id>/file/take/", settings_history.take, name="settings_take"),
    path("settings/<int:base_id>/<slug:slug>/", settings.section, name="settings_section"),
    path("settings/<int:base_id>/<slug:slug>/save/", settings.save_section, name="settings_save"),
    path("settings/<int:base_id>/<slug:slug>/ahead/", settings.look_ahead, name="settings_ahead"),
]

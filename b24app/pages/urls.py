"""Addresses of the pages inside the frame: one per action, all under /b24/ (see b24app/urls.py)."""

from django.urls import path

from b24app.pages import absent, bases, cards, checks, decisions, journal, language, matching, overview, problems

app_name = "pages"
urlpatterns = [
    path("", cards.opened, name="app"),
    path("card/", cards.card, name="card"),
    path("card/live/", cards.live, name="card_live"),
    path("card/send/", cards.send, name="card_send"),
    path("overview/", overview.overview, name="overview"),
    path("overview/live/", overview.live, name="live"),
    path("language/", language.choose, name="language"),
    path("bases/add/", bases.add, name="base_add"),
    path("bases/add/cancel/", bases.add_button, name="base_add_button"),
    path("bases/create/", bases.create, name="base_create"),
    path("bases/<int:base_id>/", bases.show, name="base"),
    path("bases/<int:base_id>/guide/", bases.guide, name="base_guide"),
    path("bases/<int:base_id>/password/ask/", bases.ask_password, name="base_ask_password"),
    path("bases/<int:base_id>/password/", bases.new_password, name="base_password"),
    path("bases/<int:base_id>/pause/", bases.pause, name="base_pause"),
    path("bases/<int:base_id>/resume/", bases.resume, name="base_resume"),
    path("bases/<int:base_id>/check/", checks.check, name="base_check"),
    path("bases/<int:base_id>/mend/", checks.mend, name="base_mend"),
    path("bases/<int:base_id>/removal/", bases.ask_removal, name="base_ask_removal"),
    path("bases/<int:base_id>/remove/", bases.remove, name="base_remove"),
    path("problems/<int:problem_id>/retry/", problems.retry_one, name="problem_retry"),
    path("problems/<int:problem_id>/absent/switch-off/", absent.switch_off, name="absent_switch_off"),
    path("problems/<int:problem_id>/absent/leave/", absent.leave, name="absent_leave"),
    path("problems/<int:problem_id>/side/", decisions.take_side, name="decide_side"),
    path("problems/<int:problem_id>/candidate/", decisions.choose, name="decide_candidate"),
    path("problems/<int:problem_id>/currency/", decisions.currency, name="decide_currency"),
    path("problems/causes/<str:cause>/retry/", problems.retry_all, name="cause_retry"),
    path("problems/causes/<str:cause>/note/", problems.take_note, name="cause_note"),
    path("matching/", matching.matching, name="matching"),
    path("matching/<str:what>/<int:pk>/", matching.opened, name="match"),
    path("matching/<str:what>/<int:pk>/send/", matching.send, name="match_send"),
    path("matching/<str:what>/<int:pk>/unlink/", matching.unlink, name="match_unlink"),
    path("journal/", journal.journal, name="journal"),
    path("journal/download/", journal.download, name="journal_download"),
    path("journal/<str:row_id>/", journal.opened, name="journal_entry"),
]

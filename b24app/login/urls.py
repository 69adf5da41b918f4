"""Sign-in with Bitrix24: /accounts/bitrix24/login/?portal=DOMAIN and its callback. allauth's other pages are not offered."""

from django.urls import path

from b24app.login import views

urlpatterns = [
    path("bitrix24/login/", views.oauth2_login, name="bitrix24_login"),
    path("bitrix24/login/callback/", views.oauth2_callback, name="bitrix24_callback"),
    path("login/", views.start, name="account_login"),
    path("done/", views.done, name="login_done"),
    path("choose/", views.choose, name="login_choose"),
    path("leave/", views.leave, name="login_leave"),
]

"""Addresses of staff accounts that are ours; allauth's follow, less what staff here never have."""

from django.urls import path, re_path

from portal.base.accounts import views

urlpatterns = [
    path("", views.home, name="account_home"),
    path("after-login/", views.after_login, name="after_login"),
    path("demo/", views.demo, name="demo_sign_in"),
    # Accounts come from set-up and have no e-mail: these doors of allauth stay shut.
    re_path(
        r"^(?:signup|email|confirm-email|password/set|password/reset|login/code)(?:/.*)?$", views.shut, name="shut"
    ),
]

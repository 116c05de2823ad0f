from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.base.accounts"
    label = "accounts"
    verbose_name = "Accounts"

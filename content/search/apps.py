from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "content.search"
    label = "portal_search"
    verbose_name = "Search"

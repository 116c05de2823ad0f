from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "servicedesk.ratings"
    label = "ratings"
    verbose_name = "Ratings"

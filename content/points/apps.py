from django.apps import AppConfig


class PointsConfig(AppConfig):
    name = "content.points"
    label = "points"
    verbose_name = "Service points"

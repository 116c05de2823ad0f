from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "portal.base.places"
    label = "places"
    verbose_name = "Places"

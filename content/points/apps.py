from django.apps import AppConfig


class PointsConfig(AppConfig):
    name = "content.points"
    label = "points"
    verbose_name = "Service points"

    def ready(self) -> None:
        from content.points import followers
        from portal.base.calendars import holidays
        from portal.base.places import services as places

        places.on_changed.append(followers.places_changed)
        holidays.on_loaded.append(followers.holidays_loaded)

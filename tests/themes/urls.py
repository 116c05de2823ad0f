"""The two addresses that the base templates link to; the rooms' own addresses do not matter here."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(request: HttpRequest) -> HttpResponse:
    """Answers for the two switches."""
    return HttpResponse()


urlpatterns = [
    path("display/", nothing, name="display"),
    path("language/", nothing, name="switch_language"),
    path("accounts/", include("allauth.urls")),
]

"""What residents are told about their data, in all its versions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from servicedesk.residents.models import PrivacyNotice


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """The notice in force first, the earlier versions below it."""
    notices = list(PrivacyNotice.objects.order_by("-valid_from", "-pk"))
    context = {"notices": notices, "is_english": (translation.get_language() or "").startswith("en")}
    return render(request, "residents/privacy.html", context)

"""The notice itself: page, paper, slip and bytes; whoever has the link may see it, and nothing on it says who asked."""

from typing import Any
from urllib.parse import quote

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from content.guides.services import book_url
from content.notices import paper, services
from content.notices.errors import UnknownNotice
from content.notices.models import Notice
from content.notices.telling import told
from portal.base.limits import limited

# Guessing a link is hopeless; this only keeps a loop from filling the log.
looked_at = limited("notice.look", limit=300, window_s=600, methods=("GET", "HEAD"))


def link_of(notice: Notice, request: HttpRequest) -> str:
    """The address that the QR carries."""
    return request.build_absolute_uri(reverse("notice", kwargs={"token": notice.token}))


def qr_svg(address: str) -> SafeString:
    """The QR of an address as a drawing in the page; black on white in every display mode."""
    drawn = segno.make(address, error="m").svg_inline(scale=1, border=2, dark="#000", light="#fff", omitsize=True)
    # segno writes lines and numbers alone; nothing of the address stands in the drawing.
    return SafeString(drawn)


def _gone(request: HttpRequest) -> HttpResponse:
    """A link that is unknown or over: the page has the ways that are left. Both look the same from outside."""
    return render(request, "notices/gone.html", _layout(request), status=404)


def _layout(request: HttpRequest) -> dict[str, Any]:
    at_kiosk = "kiosk" in request.GET
    return {
        "layout": "base/kiosk.html" if at_kiosk else "base/page.html",
        "at_kiosk": at_kiosk,
        "idle_url": "/kiosk/" if at_kiosk else "",
        "nav_current": "guides",
    }


@never_cache
@looked_at
@require_safe
def notice_page(request: HttpRequest, token: str) -> HttpResponse:
    """The notice; `?paper=slip` for 80 mm paper, `?kiosk` in the kiosk's size."""
    try:
        notice = services.notice_by_token(token)
    except UnknownNotice:
        return _gone(request)
    address = link_of(notice, request)
    text = told(notice)
    message = _("%(item)s: %(headline)s %(address)s") % {
        "item": text.item,
        "headline": text.headline,
        "address": address,
    }
    template = "notices/slip.html" if request.GET.get("paper") == "slip" else "notices/notice.html"
    return render(
        request,
        template,
        _layout(request)
        | {
            "notice": notice,
            "told": text,
            "address": address,
            "qr": qr_svg(address),
            "sms": f"sms:?body={quote(message)}",
            "message": message,
            "change_url": reverse("notice_start", kwargs={"key": notice.item_key}) + f"?notice={notice.token}",
            "book_url": "" if text.is_stop else book_url(notice=notice.token),
            "breadcrumbs": [],
        },
    )


@never_cache
@looked_at
@require_safe
def notice_json(request: HttpRequest, token: str) -> HttpResponse:
    """The bytes as they were written when the notice was issued."""
    try:
        notice = services.notice_by_token(token)
    except UnknownNotice:
        return _gone(request)
    response = HttpResponse(bytes(notice.content), content_type="application/json")
    response["Digest"] = f"sha-256={notice.sha256}"
    return response


@never_cache
@looked_at
@require_safe
def notice_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The notice on A4, tagged; `?large` in large print."""
    try:
        notice = services.notice_by_token(token)
    except UnknownNotice:
        return _gone(request)
    content = paper.pdf_of(notice, address=link_of(notice, request), is_large="large" in request.GET)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{notice.code}.pdf"'
    return response

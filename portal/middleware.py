"""What happens to every request: a line in the log, and the content security policy that fits the room."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.csp import ContentSecurityPolicyMiddleware as DjangoCsp
from django.utils.csp import CSP

log = logging.getLogger("linban.request")

# Wagtail's admin writes inline scripts and styles; only signed-in editors reach it, so the rule is relaxed there alone.
CMS_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.UNSAFE_INLINE, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
}


class RequestLogMiddleware:
    """Logs method, path without its query, status and duration; never a person's data."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = self.get_response(request)
        fields = {
            "method": request.method,
            "path": request.resolver_match.route if request.resolver_match else request.path[:80],
            "status": response.status_code,
            "ms": round((time.monotonic() - started) * 1000),
        }
        log.debug("request", extra={"fields": fields})
        return response


class ContentSecurityPolicyMiddleware(DjangoCsp):
    """Django's policy, relaxed below /cms/."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.path.startswith("/cms/"):
            response._csp_config = CMS_CSP  # type: ignore[attr-defined]
        return super().process_response(request, response)

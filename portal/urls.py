"""All addresses of the portal; pages for residents also stand under /en/."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from portal import health, views
from servicedesk.api.api import urls as api_urls
from servicedesk.desk import points as staff_points

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", RedirectView.as_view(url=settings.STATIC_URL + "linban/favicon.svg"), name="favicon"),
    path("display/", views.display, name="display"),
    path("language/", views.switch_language, name="switch_language"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("api/v1/", api_urls),
    path("kiosk/", include("servicedesk.devices.urls")),
    path("kiosk/", include("servicedesk.kiosk.urls")),
    path("desk/", include("servicedesk.desk.urls")),
    path("point/", staff_points.point_board, name="point_board"),
    path("board/", include("servicedesk.queueing.urls")),
    path("live/", include("servicedesk.kiosk.live_urls")),
    path("accounts/", include("portal.base.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("outbox/", include("portal.base.outbox.staff_urls")),
    path("cms/", include("content.editing.cms_urls")),
    path("cms/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
]
if settings.DEMO:
    urlpatterns += [path("inbox/", include("portal.base.outbox.urls"))]
    urlpatterns += [path("styleguide/", views.styleguide, name="styleguide")]
urlpatterns += i18n_patterns(
    path("privacy/", include("servicedesk.residents.urls")),
    path("book/", include("servicedesk.booking.urls")),
    path("track/", include("servicedesk.cases.urls")),
    path("rate/", include("servicedesk.ratings.urls")),
    path("", include("content.urls")),
    path("", include(wagtail_urls)),
    prefix_default_language=False,
)

handler403 = "portal.views.forbidden"


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Uploaded pictures, re-encoded at upload; served by the proxy at size."""
    from django.views.static import serve

    return serve(request, path, document_root=str(settings.MEDIA_ROOT))


urlpatterns.insert(0, path("media/<path:path>", media, name="media"))

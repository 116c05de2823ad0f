"""Pages of staff accounts: where signing in leads to, one's own page, and the demo's sign-in links."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from portal.base.accounts import services
from portal.base.limits import limited
from portal.base.rights.models import Role

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_GET
@login_required
@never_cache
def after_login(request: HttpRequest) -> HttpResponse:
    """Leads to the room of the account's roles."""
    return HttpResponseRedirect(services.landing_page(request.user))


@require_GET
@login_required
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """One's own page: name, roles, the rooms that they open, password and second factor."""
    context = {
        "rooms": services.rooms_for(request.user),
        "assignments": request.user.role_assignments.select_related("place").order_by("role", "place__code"),
        "has_second_factor": services.has_second_factor(request.user),
    }
    return render(request, "accounts/home.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@limited("demo-sign-in", limit=120, window_s=60)
def demo(request: HttpRequest) -> HttpResponse:
    """Every account with a one-click sign-in; exists only where DEMO is set."""
    if not settings.DEMO:
        raise Http404
    if request.method == "POST":
        user = services.account_for_demo_link(request.POST.get("token", ""))
        if user is None:
            return render(request, "accounts/demo.html", _demo_context(expired=True), status=403)
        login(request, user, backend=BACKEND)
        request.session[services.DEMO_FLAG] = True
        services.touch(request.session)
        return HttpResponseRedirect(services.landing_page(user))
    return render(request, "accounts/demo.html", _demo_context(expired=False))


def _demo_context(*, expired: bool) -> dict[str, object]:
    """The accounts around the demo's kiosk first, then all under each role."""
    near: list[dict[str, object]] = []
    by_role: dict[str, list[dict[str, object]]] = {}
    for user in services.demo_accounts():
        for assignment in user.role_assignments.all():
            row = {
                "user": user,
                "assignment": assignment,
                "token": services.demo_link_token(user),
                "task": services.DEMO_TASKS.get(assignment.role, ""),
            }
            by_role.setdefault(assignment.role, []).append(row)
            if assignment.place.code.startswith(services.DEMO_START):
                near.append(row)
    groups: list[dict[str, object]] = [{"label": _("Start here: around the demo kiosk"), "rows": near}] if near else []
    groups += [{"label": role.label, "rows": by_role[role]} for role in Role if role in by_role]
    return {"groups": groups, "expired": expired}


def shut(request: HttpRequest) -> HttpResponse:
    """Answers 404 where allauth would offer sign-up, e-mail or a password reset."""
    raise Http404

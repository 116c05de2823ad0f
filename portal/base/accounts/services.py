"""Staff and service accounts: their tokens, their second factor, and the room in which each begins."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db import transaction
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from portal.base.accounts.models import ApiToken, User
from portal.base.places.models import Place

DEMO_FLAG = "demo_sign_in"
DEMO_SALT = "linban.demo-sign-in"
DEMO_LINK_MAX_AGE_S = 12 * 3600
# Codes of the demo's subdistrict in which its kiosk stands begin so.
DEMO_START = "310106019000"
SEEN_AT = "seen_at"
IDLE_LIMIT = timedelta(hours=2)
TOKEN_PREFIX = "lb_"
# Who sees the page of points: whoever sends residents to one, or keeps one.
POINT_ROLES = (
    "helper", "clerk", "duty_supervisor", "home_visitor", "adviser", "editor", "centre_manager", "district_supervisor",
    "device_keeper",
)  # fmt: skip
# A room of its own for each role; the first that exists is opened after signing in.
ROOMS = (
    ("desk", _("Desk"), "/desk/", ("clerk", "duty_supervisor", "expert")),
    ("dossiers", _("Dossiers"), "/desk/dossiers/", ("auditor", "audit_admin")),
    ("cms", _("Pages and items"), "/cms/", ("editor",)),
    ("supervision", _("Supervision"), "/supervision/", ("centre_manager", "district_supervisor")),
    ("approvals", _("Approvals"), "/cms/", ("centre_manager", "district_supervisor")),
    ("duty", _("Duty supervision"), "/desk/duty/", ("duty_supervisor",)),
    ("outbox", _("Outgoing messages"), "/outbox/", ("system_admin",)),
    ("point", _("Which point is open"), "/point/", POINT_ROLES),
)
# What an account of a role does in the demo, said beside its name.
DEMO_TASKS = {
    "helper": _("See at a glance which point is open, until when, and whether its kiosk is well"),
    "clerk": _("Sit down at a window and call the number from the kiosk"),
    "duty_supervisor": _("Sit at a window; see what was asked for beyond a notice"),
    "home_visitor": _("See which points of the subdistrict are open"),
    "adviser": _("See which points of the district are open"),
    "editor": _("Keep items, pages and points right in the CMS"),
    "centre_manager": _("Approve what editors changed; see the subdistrict's points"),
    "district_supervisor": _("Approve what editors changed; see all points of the district"),
    "auditor": _("Open a dossier, with a reason"),
    "device_keeper": _("See which kiosk is silent or out of paper"),
    "system_admin": _("See what could not be delivered"),
}


@dataclass(frozen=True)
class Room:
    """A room that an account may enter: its name, what it is called, and its address."""

    name: str
    label: str
    url: str


def rooms_for(user: User) -> list[Room]:
    """The rooms of the account's roles that exist in this installation, in the order of ROOMS."""
    held = set(user.role_assignments.values_list("role", flat=True))
    return [Room(name, str(label), url) for name, label, url, roles in ROOMS if held & set(roles) and _exists(url)]


def _exists(url: str) -> bool:
    try:
        # Staff pages have no language prefix: they follow the reader's preference.
        with translation.override(settings.LANGUAGE_CODE):
            found = resolve(url)
    except Resolver404:
        return False
    # Wagtail's page view answers every address; it is no room of ours.
    return found.url_name != "wagtail_serve"


def landing_page(user: User) -> str:
    """The address after signing in: the first room of the account's roles, else the account's own page."""
    rooms = rooms_for(user)
    return rooms[0].url if rooms else reverse("account_home")


def has_second_factor(user: User) -> bool:
    """Whether the account has an authenticator app or a passkey."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists()


def may_act(user: User, session: SessionBase) -> bool:
    """Whether a signed-in account passed all that is asked of staff: active, a second factor, and not idle too long."""
    if not user.is_authenticated or not user.is_active or user.is_service:
        return False
    if is_idle(session):
        return False
    if settings.DEMO and session.get(DEMO_FLAG):
        return True
    return has_second_factor(user)


def is_idle(session: SessionBase) -> bool:
    """Whether nobody has done anything in the session for longer than IDLE_LIMIT."""
    seen_at = session.get(SEEN_AT)
    return seen_at is not None and timezone.now().timestamp() - seen_at > IDLE_LIMIT.total_seconds()


def touch(session: SessionBase) -> None:
    """Note that somebody is there; written once a minute at most."""
    now = timezone.now().timestamp()
    if now - session.get(SEEN_AT, 0) > 60:
        session[SEEN_AT] = now


def service_account(name: str) -> User:
    """The service account of that name, made when it does not exist; it cannot sign in."""
    user, created = User.objects.get_or_create(
        username=name, defaults={"is_service": True, "display_name": name, "password": "!"}
    )
    if not created and not user.is_service:
        raise ValueError(f"{name} is the account of a person; choose another name.")
    return user


@transaction.atomic
def issue_token(*, role: str, place: Place, name: str = "") -> tuple[ApiToken, str]:
    """A new token for a service account that holds the role at the place; the text is shown this once."""
    from portal.base.rights import services as rights

    user = service_account(name or f"api.{role}.{place.code}")
    rights.grant(user, role, place, by="command")
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name or user.username, sha256=hashlib.sha256(text.encode()).hexdigest(), role=role, place=place
    )
    return token, text


def account_for_token(text: str) -> ApiToken | None:
    """The live token with its account, or None; notes the use once a minute at most."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    token = (
        ApiToken.objects.select_related("user", "place")
        .filter(sha256=sha256, revoked_at__isnull=True, user__is_active=True, user__is_service=True)
        .first()
    )
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now
    return token


def revoke_token(token: ApiToken) -> None:
    """The token opens nothing from now on; repeating it is harmless."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())


def demo_link_token(user: User) -> str:
    """A signed, expiring token with which the demo's page signs an account in."""
    return signing.dumps(user.pk, salt=DEMO_SALT)


def account_for_demo_link(token: str) -> User | None:
    """The demo account of a link; None where there is no demo, and for links that are false or old."""
    if not settings.DEMO:
        return None
    try:
        pk = signing.loads(token, salt=DEMO_SALT, max_age=DEMO_LINK_MAX_AGE_S)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk, is_active=True, is_service=False).first()


def demo_accounts() -> list[User]:
    """Every member of staff with the roles loaded, for the demo's page."""
    return list(
        User.objects.filter(is_service=False, is_active=True, role_assignments__isnull=False)
        .distinct()
        .prefetch_related("role_assignments__place")
        .order_by("username")
    )


def address_or_none(name: str) -> str | None:
    """The address of a named view, where that part is installed."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return None

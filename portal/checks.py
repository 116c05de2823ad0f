"""Whether the demo's open doors (sign-in links, visible inbox) stand where strangers can reach them.

Told in three places: Django's system check, the start's log (asgi.py), and /readyz.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
ADVICE: Final = "Set DEMO=0 unless everybody who can reach this machine may act as anybody (docs/environment.md)."


def _is_local(host: str) -> bool:
    return host.lower() in LOCAL_HOSTS or host.lower().endswith(".localhost")


def exposures() -> list[str]:
    """Why DEMO=1 looks like a mistake here, a sentence each; none without DEMO, or when all is on this machine."""
    if not settings.DEMO:
        return []
    found = []
    outside = [host for host in settings.ALLOWED_HOSTS if not _is_local(host)]
    if outside:
        found.append(f"DEMO=1 lets anybody sign in, and ALLOWED_HOSTS answers to {', '.join(outside)}.")
    host = urlsplit(settings.PORTAL_URL).hostname or ""
    if not _is_local(host):
        found.append(f"DEMO=1 lets anybody sign in, and PORTAL_URL leads people to {host}.")
    # A socket's folder or no host at all is this machine.
    server = str(settings.DATABASES["default"].get("HOST") or "")
    if not settings.IS_SQLITE and server and not server.startswith("/") and not _is_local(server):
        found.append(f"DEMO=1 lets anybody sign in, and DATABASE_URL is a server's: {server}.")
    return found


@register("security")
def demo_is_not_exposed(**_options: Any) -> list[CheckMessage]:
    """`manage.py check`, and the start of every command, say it too."""
    return [Warning(sentence, hint=ADVICE, id="linban.W001") for sentence in exposures()]

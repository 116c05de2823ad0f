"""A video session itself: finding it, its streams, its recording key, and its one transition function."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from portal.base.keyring import services as keyring
from portal.base.places.models import Counter
from portal.base.transitions import move
from servicedesk.devices.models import Device
from servicedesk.remote.models import RemoteSession
from servicedesk.remote.states import ACTIVE, TRANSITIONS, SessionState


def stream_name(session: RemoteSession) -> str:
    return f"session:{session.pk}"


def stream_names_of(session: RemoteSession) -> tuple[str, ...]:
    """The streams of every screen that shows the session."""
    return (stream_name(session), f"device:{session.device_id}", f"centre:{session.centre.code}")


def move_session(session: RemoteSession, action: str, *, actor: str, **options: Any) -> RemoteSession:
    """The one transition function of sessions; see states.py."""
    return move(
        session, action, table=TRANSITIONS, subject="session", actor=actor, place=session.centre,
        announce=stream_names_of(session), **options,
    )  # fmt: skip


def recording_key(session: RemoteSession) -> bytes:
    """The session's raw recording key; it goes to the node's own connection and nowhere else."""
    return keyring.open_sealed(session.key_sealed, aad=f"remote.session:{session.pk}".encode())


def active_session_of(device: Device) -> RemoteSession | None:
    """The device's one session that is not over."""
    return _with_parts().filter(device=device, state__in=ACTIVE).first()


def session_at(counter: Counter) -> RemoteSession | None:
    """The session of the ticket at the counter."""
    return _with_parts().filter(counter=counter, state__in=ACTIVE).order_by("-placed_at").first()


def unrated_session_of(device: Device, *, within_s: int = 120) -> RemoteSession | None:
    """The device's session that ended just now and whose resident has neither rated nor left."""
    since = timezone.now() - timedelta(seconds=within_s)
    return (
        _with_parts()
        .filter(device=device, state__in=[SessionState.ENDED, SessionState.SEALED], ended_at__gte=since)
        .filter(live_at__isnull=False, end_reason="finished", ticket__rating__isnull=True)
        .order_by("-ended_at")
        .first()
    )


def get_session(session_id: str) -> RemoteSession:
    return _with_parts().get(pk=session_id)


def _with_parts() -> QuerySet[RemoteSession]:
    return RemoteSession.objects.select_related(
        "ticket",
        "ticket__person",
        "ticket__item",
        "ticket__point",
        "device",
        "device__place",
        "counter",
        "centre",
        "clerk",
    )

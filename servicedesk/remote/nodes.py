"""Media nodes: their leases, which of them takes a session, and what they report of its tracks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from portal.base.journal import services as journal
from portal.base.streams import services as streams
from servicedesk.remote.errors import NoVideoLine
from servicedesk.remote.models import MediaNode, RecordingTrack, RemoteSession
from servicedesk.remote.sessions import stream_name

NODE_LEASE_S = 20


@transaction.atomic
def lease_node(*, name: str, capacity: int, channel: str, sessions: int = 0) -> MediaNode:
    """A node says that it is there; the lease lasts 20 s."""
    node, _created = MediaNode.objects.update_or_create(
        name=name,
        defaults={
            "capacity": capacity, "channel": channel, "sessions": sessions,
            "lease_until": timezone.now() + timedelta(seconds=NODE_LEASE_S),
        },
    )  # fmt: skip
    return node


def renew_lease(*, name: str, channel: str, sessions: int) -> bool:
    """Renew a node's lease for the connection that holds it; False when another connection has taken over."""
    until = timezone.now() + timedelta(seconds=NODE_LEASE_S)
    return bool(MediaNode.objects.filter(name=name, channel=channel).update(lease_until=until, sessions=sessions))


def release_node(*, name: str, channel: str) -> None:
    """The node's connection is gone."""
    MediaNode.objects.filter(name=name, channel=channel).update(lease_until=timezone.now())


def least_loaded_node() -> MediaNode | None:
    """The node with the most room whose lease holds; None when there is none."""
    nodes = MediaNode.objects.filter(lease_until__gt=timezone.now(), sessions__lt=F("capacity"))
    return nodes.order_by("sessions", "name").first()


@transaction.atomic
def node_for(session: RemoteSession) -> MediaNode:
    """The session's node; a node that is gone is replaced.

    Raises:
        NoVideoLine: none has room.
    """
    session = RemoteSession.objects.select_for_update().select_related("centre").get(pk=session.pk)
    node = MediaNode.objects.filter(pk=session.node_id, lease_until__gt=timezone.now()).first()
    if node is None:
        node = least_loaded_node()
        if node is None:
            raise NoVideoLine(_("The video line is not ready. The number is kept; try again in a minute."))
        RemoteSession.objects.filter(pk=session.pk).update(node=node)
        journal.append(
            ("session", session.pk), action="node", actor="portal", place=session.centre, facts={"node": node.name}
        )
    return node


@transaction.atomic
def check_point(session_id: str, *, track: str, count: int, head: str, size_bytes: int) -> None:
    """Remember how far a track's chain is, so that a cut shows; the number never goes back."""
    row, _created = RecordingTrack.objects.select_for_update().get_or_create(session_id=UUID(session_id), name=track)
    if count >= row.segments and not row.is_closed:
        row.segments, row.head, row.size_bytes, row.checkpoint_at = count, head, size_bytes, timezone.now()
        row.save(update_fields=["segments", "head", "size_bytes", "checkpoint_at"])


@transaction.atomic
def close_tracks(session_id: str, tracks: list[dict[str, Any]]) -> None:
    """The node has closed the session's files; their final numbers."""
    for entry in tracks:
        started = entry.get("started_at")
        RecordingTrack.objects.update_or_create(
            session_id=UUID(session_id),
            name=str(entry["track"])[:40],
            defaults={
                "kind": str(entry.get("kind", ""))[:10], "side": str(entry.get("side", ""))[:10],
                "codec": str(entry.get("codec", ""))[:20], "segments": int(entry["count"]), "head": str(entry["head"]),
                "size_bytes": int(entry.get("bytes", 0)), "is_closed": True, "checkpoint_at": timezone.now(),
                "started_at": parse_datetime(started) if isinstance(started, str) else None,
            },
        )  # fmt: skip
    session = RemoteSession.objects.select_related("centre").get(pk=session_id)
    facts = {"tracks": {str(entry["track"]): [entry["count"], entry["head"]] for entry in tracks}}
    journal.append(("session", session.pk), action="recorded", actor="node", place=session.centre, facts=facts)
    streams.bump(stream_name(session))

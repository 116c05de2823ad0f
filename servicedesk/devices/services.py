"""Kiosks: pairing by key, proof of the key, the device's session, its health, and messages to its bridge."""

import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from kiosk_bridge import messages
from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.places.models import Place
from portal.base.streams import services as streams
from servicedesk.devices.errors import BadKey, CardNotTrusted, NotPaired, StaleNonce
from servicedesk.devices.events import bridge_group, device_stream
from servicedesk.devices.models import Device, Peripheral

NONCE_MAX_AGE_S = 300
NONCE_SALT = "linban.device-nonce"
HEARTBEAT_S = 10
SILENT_AFTER = timedelta(seconds=3 * HEARTBEAT_S)
SESSION_KEY = "device_id"
log = logging.getLogger("linban.devices")

BridgeHandler = Callable[[Device, dict[str, Any]], dict[str, Any] | None]
PendingProvider = Callable[[Device], list[dict[str, Any]]]
_handlers: dict[str, BridgeHandler] = {}
_pending: list[PendingProvider] = []


# --- the registry -------------------------------------------------------------------------------------------------


@transaction.atomic
def pair(
    *, code: str, name: str, place: Place, public_key: bytes, is_virtual: bool = False, actor: str = "command"
) -> Device:
    """Register the device, or give a known one a new key, name or place; a revoked one is accepted again.

    Raises:
        BadKey: the key is no raw Ed25519 public key.
    """
    if len(public_key) != 32:
        raise BadKey(_("A public key has 32 bytes (Ed25519). Take it from the kiosk's own key file."))
    device, created = Device.objects.select_for_update().get_or_create(
        code=code, defaults={"name": name, "place": place, "public_key": public_key, "is_virtual": is_virtual}
    )
    if not created:
        device.name, device.place, device.public_key = name, place, public_key
        device.is_virtual, device.state = is_virtual, Device.State.PAIRED
        device.save(update_fields=["name", "place", "public_key", "is_virtual", "state"])
    journal.append(
        ("device", device.pk),
        action="pair",
        actor=actor,
        place=place,
        new=device.state,
        facts={"code": code, "key": public_key.hex()[:16], "virtual": is_virtual},
    )
    streams.bump(device_stream(device))
    return device


@transaction.atomic
def revoke(device: Device, *, actor: str, reason: str) -> Device:
    """The device is trusted no more: its sessions, its bridge and its cards are refused from now on."""
    device = Device.objects.select_for_update().get(pk=device.pk)
    old, device.state = device.state, Device.State.REVOKED
    device.save(update_fields=["state"])
    journal.append(
        ("device", device.pk), action="revoke", actor=actor, place=device.place, old=old, new=device.state, text=reason
    )
    streams.bump(device_stream(device))
    transaction.on_commit(lambda: streams.announce(bridge_group(device), {"type": "bridge.close"}))
    return device


def paired_device(code: str) -> Device | None:
    """The device of a code while it is paired."""
    return Device.objects.select_related("place").filter(code=code, state=Device.State.PAIRED).first()


def only_device_at(place: Place) -> Device | None:
    """The kiosk of a point that has exactly one; who waits there waits for that one."""
    found = list(Device.objects.filter(place=place, state=Device.State.PAIRED)[:2])
    return found[0] if len(found) == 1 else None


# --- proving the key ----------------------------------------------------------------------------------------------


def new_nonce() -> str:
    """A nonce of ours: signed, good for five minutes, and for one use."""
    return signing.TimestampSigner(salt=NONCE_SALT).sign(secrets.token_urlsafe(18))


def use_nonce(nonce: str) -> None:
    """Take a nonce as used.

    Raises:
        StaleNonce: it is not ours, older than five minutes, or was used before.
    """
    stale = _("That took too long. Start again on this kiosk.")
    try:
        signing.TimestampSigner(salt=NONCE_SALT).unsign(nonce, max_age=NONCE_MAX_AGE_S)
    except signing.BadSignature as error:
        raise StaleNonce(stale) from error
    if not cache.add(f"device-nonce:{nonce}", 1, timeout=2 * NONCE_MAX_AGE_S):
        raise StaleNonce(stale)


def device_for_proof(*, code: str, nonce: str, signature: str) -> Device:
    """The device that signed the nonce with its key.

    Raises:
        StaleNonce: the nonce cannot be used.
        NotPaired: no paired device of that code, or not its signature.
    """
    return _proven(code, messages.device_proof_bytes(nonce), nonce=nonce, signature=signature)


def device_for_hello(*, code: str, nonce: str, signature: str) -> Device:
    """The device whose bridge signed the challenge; the errors are those of `device_for_proof`."""
    return _proven(code, messages.bridge_hello_bytes(nonce), nonce=nonce, signature=signature)


def _proven(code: str, signed: bytes, *, nonce: str, signature: str) -> Device:
    device = paired_device(code)
    if device is None or not _is_signed(device, signed, signature):
        raise NotPaired(_("This kiosk is not registered here. The device keeper can register it again."))
    use_nonce(nonce)
    return device


def _is_signed(device: Device, signed: bytes, signature: str) -> bool:
    try:
        raw = messages.decode_base64url(signature)
    except messages.Malformed:
        return False
    return keyring.is_signed_by(bytes(device.public_key), signed, raw)


def verify_card(device: Device, *, nonce: str, payload: str, signature: str) -> dict[str, Any]:
    """What the device's reader read, once it is sure that this device read it for this nonce.

    Raises:
        CardNotTrusted: signature, device or nonce do not fit.
        StaleNonce: the nonce cannot be used.
    """
    again = _("The card could not be checked. Lay it on the reader once more.")
    if device.state != Device.State.PAIRED or not _is_signed(device, messages.card_read_bytes(payload), signature):
        raise CardNotTrusted(again)
    try:
        card = messages.decode_payload(payload)
    except messages.Malformed as error:
        raise CardNotTrusted(again) from error
    if card.device != device.code or card.nonce != nonce:
        raise CardNotTrusted(again)
    use_nonce(nonce)
    fields = asdict(card)
    for name in ("nonce", "device", "read_at"):
        fields.pop(name)
    return fields


# --- the device's session -----------------------------------------------------------------------------------------


def sign_in_device(request: HttpRequest, device: Device) -> None:
    """Let this browser session be the device's; the session's key changes, whoever had it before."""
    request.session.cycle_key()
    request.session[SESSION_KEY] = str(device.pk)


def device_of(session: SessionBase) -> Device | None:
    """The paired device of a browser session; None for other sessions, and once it is revoked."""
    key = session.get(SESSION_KEY)
    if key is None:
        return None
    return Device.objects.select_related("place").filter(pk=key, state=Device.State.PAIRED).first()


@transaction.atomic
def choose_document_camera(device: Device, *, label: str, actor: str) -> Device:
    """Keep which camera of the kiosk looks at papers, by its label; an empty one leaves it to the page."""
    device = Device.objects.select_for_update().get(pk=device.pk)
    device.document_camera = label.strip()[:120]
    device.save(update_fields=["document_camera"])
    journal.append(
        ("device", device.pk), action="document_camera", actor=actor, place=device.place,
        facts={"label": device.document_camera},
    )  # fmt: skip
    return device


# --- health -------------------------------------------------------------------------------------------------------


@transaction.atomic
def record_health(device: Device, peripherals: dict[str, dict[str, Any]]) -> None:
    """Keep what the bridge reports; screens hear of it only when something changed."""
    now = timezone.now()
    Device.objects.filter(pk=device.pk).update(bridge_seen_at=now)
    is_changed = device.bridge_seen_at is None or now - device.bridge_seen_at > SILENT_AFTER
    device.bridge_seen_at = now
    known = {row.kind: row for row in Peripheral.objects.select_for_update().filter(device=device)}
    for kind in Peripheral.Kind.values:
        reported = peripherals.get(kind)
        if reported is None:
            continue
        row = known.get(kind) or Peripheral(device=device, kind=kind)
        told = (
            Peripheral.State(reported["state"]),
            str(reported.get("detail", ""))[:200],
            bool(reported.get("virtual")),
        )
        is_changed |= row.pk is None or told != (row.state, row.detail, row.is_virtual)
        row.state, row.detail, row.is_virtual = told
        row.at = now
        row.save()
    if is_changed:
        streams.bump(device_stream(device))


def note_version(device: Device, *, version: str, is_virtual: bool) -> None:
    """Keep which bridge said hello."""
    device.version, device.is_virtual, device.bridge_seen_at = version[:20], is_virtual, timezone.now()
    device.save(update_fields=["version", "is_virtual", "bridge_seen_at"])
    streams.bump(device_stream(device))


def is_bridge_heard(device: Device) -> bool:
    """Whether the device's bridge has spoken within three heartbeats."""
    return device.bridge_seen_at is not None and timezone.now() - device.bridge_seen_at <= SILENT_AFTER


def peripherals(device: Device) -> dict[str, dict[str, Any]]:
    """State of reader, receipt and A4 printer: absent when never heard of, faulty while the bridge is silent."""
    rows = {row.kind: row for row in Peripheral.objects.filter(device=device)}
    device.refresh_from_db(fields=["bridge_seen_at"])
    is_heard = is_bridge_heard(device)
    states = {}
    for kind in Peripheral.Kind.values:
        row = rows.get(kind)
        if row is None:
            states[kind] = {"state": Peripheral.State.ABSENT.value, "detail": "", "virtual": device.is_virtual}
        elif not is_heard:
            detail = _("The kiosk's own program has not been heard of.")
            states[kind] = {"state": Peripheral.State.FAULT.value, "detail": detail, "virtual": row.is_virtual}
        else:
            states[kind] = {"state": row.state, "detail": row.detail, "virtual": row.is_virtual}
    return states


@dataclass(frozen=True)
class Health:
    """A kiosk as staff see it: whether its bridge is heard of, when it last was, and its parts as (name, state, words)."""

    name: str
    is_heard: bool
    seen_at: datetime | None
    parts: tuple[tuple[str, str, str], ...]

    @property
    def is_well(self) -> bool:
        return self.is_heard and all(state == Peripheral.State.OK for _name, state, _words in self.parts)


def health_at(places: Iterable[int]) -> dict[int, list[Health]]:
    """The paired kiosks of places by the place's primary key, in two queries; a silent one says nothing of its parts."""
    found: dict[int, list[Health]] = {}
    devices = Device.objects.filter(place__in=list(places), state=Device.State.PAIRED).order_by("code")
    for device in devices.prefetch_related("peripherals"):
        is_heard = is_bridge_heard(device)
        rows = sorted(device.peripherals.all(), key=lambda row: Peripheral.Kind.values.index(row.kind))
        parts = tuple((str(row.get_kind_display()), row.state, str(row.get_state_display())) for row in rows)
        health = Health(device.name, is_heard, device.bridge_seen_at, parts if is_heard else ())
        found.setdefault(device.place_id, []).append(health)
    return found


@transaction.atomic
def mark_silent_bridges() -> int:
    """Note the bridges that stopped speaking, whose peripherals are faulty until they speak again; how many."""
    silent = Device.objects.select_for_update().filter(
        state=Device.State.PAIRED,
        bridge_seen_at__lt=timezone.now() - SILENT_AFTER,
        peripherals__state__in=(Peripheral.State.OK, Peripheral.State.PAPER_LOW),
    )
    ids = set(silent.values_list("pk", flat=True))
    for device in Device.objects.filter(pk__in=ids):
        device.peripherals.update(state=Peripheral.State.FAULT, detail="silent", at=timezone.now())
        journal.append(("device", device.pk), action="silent", actor="clock", place=device.place)
        streams.bump(device_stream(device))
    return len(ids)


# --- talking to the bridge ----------------------------------------------------------------------------------------


def dispatch(device: Device, message: dict[str, Any]) -> None:
    """Send a message to the device's bridge after commit; a bridge that is away gets it when it is back.

    The channel layer is a hint: what must arrive is also given by a provider of `pending_for_bridge`.
    """
    group = bridge_group(device)
    transaction.on_commit(lambda: streams.announce(group, {"type": "bridge.send", "message": message}))


def on_bridge_message(kind: str, handler: BridgeHandler) -> None:
    """Register what is done with a bridge's message of that type; what it returns is sent back."""
    if kind in _handlers and _handlers[kind].__module__ != handler.__module__:
        raise ValueError(f"two rooms handle {kind}")
    _handlers[kind] = handler


def pending_for_bridge(provider: PendingProvider) -> None:
    """Register what a bridge must be sent again whenever it (re)connects, such as open print jobs."""
    if provider not in _pending:
        _pending.append(provider)


def pending_messages(device: Device) -> list[dict[str, Any]]:
    """All that waits for the device's bridge."""
    return [message for provider in _pending for message in provider(device)]


def take_bridge_message(device: Device, message: dict[str, Any]) -> dict[str, Any] | None:
    """Handle one message of a bridge that has said hello; the answer, if there is any.

    Raises:
        NotPaired: the device was revoked meanwhile.
    """
    fresh = Device.objects.filter(pk=device.pk, state=Device.State.PAIRED).first()
    if fresh is None:
        raise NotPaired(_("This kiosk is not registered here. The device keeper can register it again."))
    kind = message["type"]
    if kind == messages.Health.type:
        record_health(fresh, message["peripherals"])
        return None
    handler = _handlers.get(kind)
    if handler is None:
        log.info("a message that nobody handles", extra={"fields": {"kind": kind, "device": device.code}})
        return None
    return handler(fresh, message)

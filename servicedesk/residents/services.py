"""Who a person is: remembering a card, finding by number, opening and masking the identity, consent, erasure."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.places.models import Place
from servicedesk.residents.certificates import NumberCheck, check_number, normalise
from servicedesk.residents.errors import Erased
from servicedesk.residents.models import Certificate, Consent, Person, PersonKey, PrivacyNotice

__all__ = ["CardData", "Identity", "NumberCheck", "check_number"]

# Surnames of two characters; of these the greeting keeps both.
COMPOUND_SURNAMES = (
    "欧阳", "司马", "上官", "诸葛", "夏侯", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "司徒",
    "端木", "轩辕", "百里", "呼延", "南宫", "独孤",
)  # fmt: skip


# What else must go with a person: each is called in the erasure's transaction while the person can still be read.
before_erasing: list[Callable[[Person], None]] = []


@dataclass(frozen=True)
class CardData:
    """What a card says. `birth_date` and validity are ISO dates, `valid_to` may be "long"; `nation` is GB/T 3304."""

    kind: str
    name: str
    sex: str
    nation: str
    birth_date: str
    address: str
    number: str
    issuer: str = ""
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True)
class Identity:
    """A person's opened identity; `number` is the certificate's."""

    name: str
    kind: str
    number: str
    sex: str
    nation: str
    birth_date: str
    address: str


def card_from(fields: dict[str, Any]) -> CardData:
    """Card data out of a verified message of the bridge; unknown keys are left out."""
    names = CardData.__dataclass_fields__
    return CardData(**{name: str(fields.get(name) or "") for name in names})


# --- keys ---------------------------------------------------------------------------------------------------------
def _own_key(person: Person) -> bytes:
    wrapped = PersonKey.objects.filter(person=person).values_list("wrapped", flat=True).first()
    if wrapped is None:
        raise Erased(_("This person's data were erased. Ask the resident to put the card on the reader again."))
    return keyring.open_sealed(wrapped, aad=f"residents.person_key:{person.pk}".encode())


def seal_for(person: Person, plaintext: bytes, *, aad: str) -> bytes:
    """Seal something personal under the person's own key; `aad` names model, field and row.

    Raises:
        Erased: the person has no key any more.
    """
    return keyring.seal_with(_own_key(person), plaintext, aad=aad.encode())


def open_for(person: Person, sealed: bytes | memoryview, *, aad: str) -> bytes:
    """The plaintext of `seal_for`.

    Raises:
        Erased: the person has no key any more.
        KeyringError: it was changed, or belongs elsewhere.
    """
    return keyring.open_with(_own_key(person), bytes(sealed), aad=aad.encode())


def _identity_aad(person: Person) -> str:
    return f"residents.person.identity:{person.pk}"


def _number_aad(certificate: Certificate) -> bytes:
    return f"residents.certificate.number:{certificate.pk}".encode()


def _indexed(kind: str, number: str) -> str:
    return f"{kind}:{normalise(number)}"


def _index_of(kind: str, number: str) -> str:
    return keyring.blind_index(_indexed(kind, number))


def index_of_number(number: str, *, kind: str = Certificate.Kind.RESIDENT_ID) -> str:
    """The keyed index under which a typed number finds the card again; the number itself cannot be had from it."""
    return _index_of(kind, number)


def indexes_of(person: Person) -> list[str]:
    """The keyed indexes of a person's certificate, under every index key that is still held; empty for an erased person."""
    try:
        identity = _identity(person)
    except Erased:
        return []
    return keyring.blind_indexes(_indexed(identity.kind, identity.number)) if identity.number else []


# --- remembering and finding --------------------------------------------------------------------------------------
def find_person(*, kind: str, number: str) -> Person | None:
    """The person with this certificate, found by its blind index."""
    indexes = keyring.blind_indexes(_indexed(kind, number))
    found = Certificate.objects.select_related("person").filter(index__in=indexes).first()
    return found.person if found else None


def remember(*, card: CardData, actor: str = "resident") -> Person:
    """The person of a card that was read; made at the first sight, and brought up to date at every other one."""
    try:
        with transaction.atomic():
            return _remember(card, actor)
    except IntegrityError:
        # The same card was read at two places at the same moment: the other one has made the person.
        with transaction.atomic():
            return _remember(card, actor)


def _remember(card: CardData, actor: str) -> Person:
    body = {
        name: value
        for name, value in asdict(card).items()
        if name in ("name", "sex", "nation", "birth_date", "address")
    }
    person = find_person(kind=card.kind, number=card.number)
    if person is None:
        person = Person(identity_sealed=b"")
        key = keyring.new_key()
        sealed = keyring.seal_with(
            key, json.dumps(body, ensure_ascii=False).encode(), aad=_identity_aad(person).encode()
        )
        person.identity_sealed = sealed
        person.save(force_insert=True)
        wrapped = keyring.seal("field", key, aad=f"residents.person_key:{person.pk}".encode())
        PersonKey.objects.create(person=person, wrapped=wrapped)
        certificate = Certificate(person=person, kind=card.kind, index=_index_of(card.kind, card.number))
        certificate.number_sealed = keyring.seal_with(
            key, normalise(card.number).encode(), aad=_number_aad(certificate)
        )
        certificate.save(force_insert=True)
        journal.append(("person", person.pk), action="remember", actor=actor, facts={"kind": card.kind})
        return person
    person = Person.objects.select_for_update().get(pk=person.pk)
    before = json.loads(open_for(person, person.identity_sealed, aad=_identity_aad(person)))
    if before != body:
        changed = sorted(name for name in body if body[name] != before.get(name))
        journal.append(("person", person.pk), action="card_update", actor=actor, facts={"fields": changed})
        person.identity_sealed = seal_for(
            person, json.dumps(body, ensure_ascii=False).encode(), aad=_identity_aad(person)
        )
    person.last_seen_at = timezone.now()
    person.save(update_fields=["identity_sealed", "last_seen_at"])
    return person


# --- showing ------------------------------------------------------------------------------------------------------
def _identity(person: Person) -> Identity:
    body = json.loads(open_for(person, person.identity_sealed, aad=_identity_aad(person)))
    certificate = person.certificates.order_by("pk").first()
    number = ""
    if certificate is not None:
        number = open_for(person, certificate.number_sealed, aad=_number_aad(certificate).decode()).decode()
    return Identity(kind=certificate.kind if certificate else "", number=number, **body)


@transaction.atomic
def open_identity(
    person: Person, *, actor: str, place: Place | None, reason: str, subject: tuple[str, Any]
) -> Identity:
    """Open the identity for somebody who may see it; journalled on the subject with the reason.

    Raises:
        Erased: nothing is left to open.
    """
    identity = _identity(person)
    journal.append(
        subject, action="open_identity", actor=actor, place=place, reason=reason, facts={"person": str(person.pk)}
    )
    return identity


def mask_name(name: str) -> str:
    """The surname and stars; of a name in Latin letters or with a dot, the first letter alone."""
    name = name.strip()
    if name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        return name[:2] + "*" * min(2, len(name) - 2)
    return name[:1] + "*" * max(1, min(2, len(name) - 1))


def masked_name(person: Person) -> str:
    """The surname alone, such as 周**; "—" for an erased person."""
    try:
        name = _identity(person).name
    except Erased:
        return "—"
    return mask_name(name)


def masked_number(person: Person) -> str:
    """The first and the last sign of the certificate's number."""
    try:
        number = _identity(person).number
    except Erased:
        return "—"
    return f"{number[:1]}****{number[-1:]}"


def greeting(person: Person) -> str:
    """How the kiosk addresses the person: masked, so that whoever stands behind learns nothing."""
    return masked_name(person)


# --- consent and erasure ------------------------------------------------------------------------------------------
def current_notice() -> PrivacyNotice:
    """The version of the notice that is in force today."""
    notice = PrivacyNotice.objects.filter(valid_from__lte=timezone.localdate()).order_by("-valid_from", "-pk").first()
    if notice is None:
        raise PrivacyNotice.DoesNotExist("No privacy notice is in force; migrations bring the first one.")
    return notice


@transaction.atomic
def record_consent(
    *, notice: PrivacyNotice, person: Person | None, subject: tuple[str, Any], is_agreed: bool
) -> Consent:
    """The resident was told this version, and agreed or did not."""
    return Consent.objects.create(
        notice=notice, person=person, subject_type=subject[0], subject_id=str(subject[1]), is_agreed=is_agreed
    )


@transaction.atomic
def erase(person: Person, *, actor: str, reason: str) -> None:
    """Destroy the person's key and the blind indexes; rows and chains stay and hold, and nothing can be read."""
    locked = Person.objects.select_for_update().get(pk=person.pk)
    if locked.erased_at is not None:
        return
    for forget in before_erasing:
        forget(locked)
    PersonKey.objects.filter(person=locked).delete()
    locked.certificates.update(index=None)
    person.erased_at = locked.erased_at = timezone.now()
    locked.save(update_fields=["erased_at"])
    is_code = re.fullmatch(r"[a-z0-9_.-]{0,60}", reason) is not None
    journal.append(
        ("person", person.pk),
        action="erase",
        actor=actor,
        reason=reason if is_code else "",
        text="" if is_code else reason,
    )


def rotate_index() -> int:
    """Rebuild every blind index under the newest index key; the number rebuilt. Repeating it is harmless."""
    rebuilt = 0
    for certificate in Certificate.objects.filter(index__isnull=False).select_related("person").iterator():
        number = open_for(certificate.person, certificate.number_sealed, aad=_number_aad(certificate).decode()).decode()
        index = _index_of(certificate.kind, number)
        # Whoever was erased meanwhile has no index any more, and must not get one back.
        rebuilt += (
            Certificate.objects.filter(pk=certificate.pk, index__isnull=False).exclude(index=index).update(index=index)
        )
    return rebuilt


def rewrap_keys() -> int:
    """Wrap every person's own key under the newest field key, so that an old one can leave KEYRING; how many."""
    newest = keyring.current_key_id("field").encode() + b"\0"
    rewrapped = 0
    for row in PersonKey.objects.iterator():
        if bytes(row.wrapped).startswith(newest):
            continue
        aad = f"residents.person_key:{row.person_id}".encode()
        wrapped = keyring.seal("field", keyring.open_sealed(row.wrapped, aad=aad), aad=aad)
        rewrapped += PersonKey.objects.filter(pk=row.pk).update(wrapped=wrapped)
    return rewrapped


@transaction.atomic
def publish_notice(*, version: str, text_zh: str, text_en: str, valid_from: date, actor: str) -> PrivacyNotice:
    """A new version of the notice, in force from a date; earlier ones stay as they were told."""
    notice = PrivacyNotice.objects.create(version=version, text_zh=text_zh, text_en=text_en, valid_from=valid_from)
    facts = {"version": version, "valid_from": valid_from.isoformat()}
    journal.append(("privacy_notice", notice.pk), action="publish", actor=actor, facts=facts)
    return notice


def forget_consents(before: datetime) -> int:
    """Delete consents given before that time; their number."""
    deleted, _rows = Consent.objects.filter(at__lt=before).delete()
    return deleted

"""Who a person is lies sealed under the person's own key, is found by a blind index, and can be erased."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from portal.base.clock import services as clock
from portal.base.journal import services as journal
from portal.base.keyring.services import KeyringError
from servicedesk.residents import services as residents
from servicedesk.residents.errors import Erased
from servicedesk.residents.models import Certificate, Consent, Person, PersonKey, PrivacyNotice
from tests.cast import RESIDENT, SECOND_RESIDENT, make_cast

pytestmark = pytest.mark.django_db


def card(holder=RESIDENT, **changes) -> residents.CardData:
    return replace(residents.card_from(holder.payload()), **changes)


def test_a_card_makes_a_person_once_and_the_second_reading_finds_the_same():
    first = residents.remember(card=card())
    assert residents.remember(card=card()) == first
    assert residents.find_person(kind="resident_id", number=RESIDENT.number) == first
    assert residents.find_person(kind="hmt_residence", number=RESIDENT.number) is None
    assert residents.remember(card=card(SECOND_RESIDENT)) != first
    assert Person.objects.count() == 2


def test_the_same_number_on_another_kind_of_paper_is_another_certificate():
    first = residents.remember(card=card())
    assert residents.remember(card=card(kind="foreign_residence")) != first


def test_nothing_of_the_person_lies_open_in_the_database():
    person = residents.remember(card=card())
    row = bytes(person.identity_sealed) + bytes(person.certificates.get().number_sealed)
    for secret in (RESIDENT.name, RESIDENT.number, RESIDENT.address, RESIDENT.birth_date):
        assert secret.encode() not in row
        assert secret not in person.certificates.get().index


def test_a_new_card_brings_the_identity_up_to_date_and_the_journal_tells_which_fields(cast):
    person = residents.remember(card=card())
    residents.remember(card=card(address="上海市静安区新路 2 号"))
    identity = residents.open_identity(
        person_again(person), actor="user:1", place=cast.centre, reason="t", subject=("t", 1)
    )
    assert identity.address == "上海市静安区新路 2 号"
    entries = journal.entries_for(("person", person.pk))
    assert [(entry.action, entry.facts.get("fields")) for entry in entries] == [
        ("remember", None),
        ("card_update", ["address"]),
    ]
    assert "新路" not in str([entry.facts for entry in entries])


def person_again(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


def test_opening_is_journalled_on_its_subject_with_the_reason(cast):
    person = residents.remember(card=card())
    identity = residents.open_identity(
        person, actor="user:7", place=cast.centre, reason="case_at_desk", subject=("session", "s1")
    )
    assert (identity.name, identity.number, identity.kind) == (RESIDENT.name, RESIDENT.number, "resident_id")
    entry = journal.entries_for(("session", "s1"))[-1]
    assert (entry.action, entry.actor, entry.reason) == ("open_identity", "user:7", "case_at_desk")
    assert entry.facts == {"person": str(person.pk)}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("周秀英", "周**"),
        ("李明", "李*"),
        ("欧阳小云", "欧阳**"),
        ("司马光", "司马*"),
        ("阿依古丽·买买提", "阿**"),
        ("ANNA", "A**"),
        ("王", "王*"),
    ],
)
def test_the_kiosk_says_the_surname_alone(name, shown):
    person = residents.remember(card=card(name=name))
    assert residents.greeting(person) == residents.masked_name(person) == shown


def test_the_masked_number_keeps_the_first_and_last_sign():
    assert residents.masked_number(residents.remember(card=card(number="11010519491231002X"))) == "1****X"


def test_what_is_sealed_for_one_person_or_place_opens_nowhere_else():
    one, other = residents.remember(card=card()), residents.remember(card=card(SECOND_RESIDENT))
    sealed = residents.seal_for(one, b"secret", aad="cases.page:1")
    assert residents.open_for(one, sealed, aad="cases.page:1") == b"secret"
    with pytest.raises(KeyringError):
        residents.open_for(one, sealed, aad="cases.page:2")
    with pytest.raises(KeyringError):
        residents.open_for(other, sealed, aad="cases.page:1")
    with pytest.raises(KeyringError):
        residents.open_for(one, sealed[:-1] + bytes([sealed[-1] ^ 1]), aad="cases.page:1")


def test_a_key_row_put_under_another_person_does_not_open():
    one, other = residents.remember(card=card()), residents.remember(card=card(SECOND_RESIDENT))
    PersonKey.objects.filter(person=other).update(wrapped=PersonKey.objects.get(person=one).wrapped)
    with pytest.raises(KeyringError):
        residents.masked_name(other)


def test_erasure_destroys_key_and_index_and_the_chains_still_hold(cast):
    person = residents.remember(card=card())
    sealed = residents.seal_for(person, b"page", aad="x")
    residents.open_identity(person, actor="user:1", place=cast.centre, reason="t", subject=("case", "c1"))
    residents.erase(person, actor="user:9", reason="asked_for")
    assert not PersonKey.objects.filter(person=person).exists()
    assert Certificate.objects.get(person=person).index is None
    assert residents.find_person(kind="resident_id", number=RESIDENT.number) is None
    assert residents.masked_name(person) == "—"
    with pytest.raises(Erased):
        residents.open_for(person, sealed, aad="x")
    for subject in (("person", person.pk), ("case", "c1")):
        assert journal.chain_faults(subject) == []
    assert person_again(person).erased_at is not None


def test_erasing_twice_is_harmless_and_a_later_card_makes_a_new_person():
    person = residents.remember(card=card())
    residents.erase(person, actor="user:9", reason="asked_for")
    residents.erase(person, actor="user:9", reason="asked_for")
    assert [entry.action for entry in journal.entries_for(("person", person.pk))].count("erase") == 1
    assert residents.remember(card=card()) != person


@pytest.mark.django_db(transaction=True)
def test_one_card_read_at_two_kiosks_at_the_same_moment_is_one_person():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time; there is no race to lose.")
    make_cast()
    barrier, found = threading.Barrier(2), []

    def read() -> None:
        barrier.wait()
        try:
            found.append(residents.remember(card=card()).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=read) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 2 and found[0] == found[1]
    assert Certificate.objects.count() == 1


def test_rotating_keeps_everybody_findable_before_and_after(settings, capsys):
    person = residents.remember(card=card())
    erased = residents.remember(card=card(SECOND_RESIDENT))
    residents.erase(erased, actor="user:9", reason="asked_for")
    before = person.certificates.get().index
    for purpose, byte in (("index", b"\x21"), ("field", b"\x22")):
        import base64

        settings.KEYRING = [
            *settings.KEYRING,
            {"id": f"{purpose}-2", "purpose": purpose, "secret": base64.b64encode(byte * 32).decode()},
        ]
    assert residents.find_person(kind="resident_id", number=RESIDENT.number) == person
    assert residents.remember(card=card()) == person
    call_command("rotate_index")
    assert "1 indexes rebuilt, 1 keys wrapped anew" in capsys.readouterr().out
    assert person.certificates.get().index != before
    assert erased.certificates.get().index is None
    settings.KEYRING = [entry for entry in settings.KEYRING if entry["id"] not in ("index-1", "field-1")]
    assert residents.find_person(kind="resident_id", number=RESIDENT.number) == person
    assert residents.masked_name(person) == "邻**"


def test_retention_erases_whom_nobody_has_seen_and_leaves_the_others(cast):
    old, new = residents.remember(card=card()), residents.remember(card=card(SECOND_RESIDENT))
    long_ago = timezone.now() - timedelta(days=clock.kinds()["person"].default_days + 1)
    Person.objects.filter(pk=old.pk).update(last_seen_at=long_ago)
    assert clock.enforce_retention()["person"] == 1
    assert person_again(old).erased_at is not None and person_again(new).erased_at is None


# --- notice and consent ----------------------------------------------------------------------------------------------


def test_the_first_notice_comes_with_the_migrations_and_speaks_of_the_recording():
    notice = residents.current_notice()
    assert "录音录像" in notice.text_zh and "受理中心窗口" in notice.text_zh
    assert "recorded" in notice.text_en


def test_a_later_version_holds_from_its_day_on():
    now = residents.current_notice()
    residents.publish_notice(
        version="2", text_zh="新", text_en="new", valid_from=timezone.localdate() + timedelta(days=1), actor="command"
    )
    assert residents.current_notice() == now
    PrivacyNotice.objects.filter(version="2").update(valid_from=date(2026, 2, 1))
    assert residents.current_notice().version == "2"


def test_consent_keeps_which_version_was_told_and_what_was_said():
    person, notice = residents.remember(card=card()), residents.current_notice()
    for agreed in (True, False):
        residents.record_consent(notice=notice, person=person, subject=("session", "s1"), is_agreed=agreed)
    assert list(Consent.objects.order_by("at").values_list("notice__version", "is_agreed")) == [
        ("1", True),
        ("1", False),
    ]


def test_the_command_publishes_a_file_and_refuses_a_bad_one(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"version": "2", "text_zh": "二", "text_en": "two", "valid_from": "2026-03-01"}', encoding="utf-8")
    bad.write_text('{"version": "3"}', encoding="utf-8")
    call_command("publish_notice", str(good))
    assert residents.current_notice().version == "2"
    for path in (bad, good, tmp_path / "none.json"):
        with pytest.raises(CommandError):
            call_command("publish_notice", str(path))


def test_the_privacy_page_lists_the_versions(client):
    residents.publish_notice(
        version="2", text_zh="二版", text_en="second", valid_from=date(2026, 3, 1), actor="command"
    )
    page = client.get("/privacy/").content.decode()
    assert page.index("二版") < page.index("从现在起会录音录像")
    assert "second" in client.get("/en/privacy/").content.decode()

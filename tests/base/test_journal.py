"""The journal: chains hold, nobody changes them, and free text can be erased without breaking them."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from portal.base.journal import services as journal
from portal.base.journal.models import JournalEntry, JournalText
from portal.base.keyring.services import KeyringError, open_sealed

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
SUBJECT = ("ticket", "7")


def write(count: int = 3) -> list[JournalEntry]:
    with transaction.atomic():
        return [
            journal.append(SUBJECT, action="call", actor="user:1", old="waiting", new="called") for _ in range(count)
        ]


def test_a_chain_of_entries_holds():
    entries = write()
    assert [entry.position for entry in entries] == [1, 2, 3]
    assert entries[1].previous_hash == entries[0].hash
    assert journal.chain_faults(SUBJECT) == []


def test_chains_of_two_subjects_are_apart():
    write()
    with transaction.atomic():
        other = journal.append(("ticket", "8"), action="issue", actor="device:JA-01")
    assert (other.position, other.previous_hash) == (1, "")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_journalentry SET new = 'done'",
        "DELETE FROM journal_journalentry",
        "UPDATE journal_journaltext SET salt = 'x'",
        "DELETE FROM journal_journaltext",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(statement):
    with transaction.atomic():
        journal.append(SUBJECT, action="unable", actor="user:1", text="她没有带委托书")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert journal.chain_faults(SUBJECT) == []


def test_a_position_is_taken_once():
    first = write(1)[0]
    twin = JournalEntry(subject_type="ticket", subject_id="7", position=1, at=first.at, actor="x", action="x", hash="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


def test_an_entry_outside_a_transaction_is_refused(monkeypatch):
    monkeypatch.setattr(type(connection), "in_atomic_block", False, raising=False)
    monkeypatch.setattr(transaction.get_connection(), "in_atomic_block", False)
    with pytest.raises(AssertionError, match="transaction"):
        journal.append(SUBJECT, action="call", actor="user:1")


def test_free_text_is_sealed_and_the_chain_survives_its_erasure():
    with transaction.atomic():
        entry = journal.append(SUBJECT, action="unable", actor="user:1", text="她没有带委托书")
    row = JournalText.objects.get(entry=entry)
    assert "委托书".encode() not in bytes(row.sealed)
    assert journal.text_of(entry) == "她没有带委托书"
    assert journal.erase_text(entry) is True
    assert journal.text_of(entry) is None
    assert journal.erase_text(entry) is False
    assert journal.chain_faults(SUBJECT) == []


def test_a_sealed_text_moved_to_another_entry_does_not_open():
    with transaction.atomic():
        first = journal.append(SUBJECT, action="unable", actor="user:1", text="一")
        second = journal.append(SUBJECT, action="unable", actor="user:1", text="二")
    with pytest.raises(KeyringError):
        open_sealed(first.text.sealed, aad=f"journal.text:{second.id}".encode())


def test_faults_are_named():
    entries = write()
    entries[1].reason = "changed afterwards"
    assert journal.faults_of(entries) == ["entry 2 was changed"]
    entries = journal.entries_for(SUBJECT)
    assert journal.faults_of([entries[0], entries[2]]) == [
        "entry 2 is missing",
        "entry 3 does not follow the one before it",
    ]


@pytest.mark.django_db(transaction=True)
def test_emptying_a_test_database_keeps_the_triggers():
    write(1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        JournalEntry.objects.update(new="done")

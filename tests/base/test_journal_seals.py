"""Daily seals: each place's rows of a day, sealed once, sent out, and what they show when somebody changed the rows."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.base.journal import seals, triggers
from portal.base.journal import services as journal
from portal.base.journal.models import JournalEntry, JournalSeal
from portal.base.outbox.models import OutboxMessage

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
NOON = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
YESTERDAY, THE_DAY_BEFORE = NOON - timedelta(days=1), NOON - timedelta(days=2)


def write(subject: str, *, at, place=None) -> JournalEntry:
    with transaction.atomic():
        return journal.append(("ticket", subject), action="call", actor="user:1", place=place, at=at)


@pytest.fixture
def two_days(cast) -> None:
    write("1", at=THE_DAY_BEFORE, place=cast.centre)
    write("1", at=YESTERDAY, place=cast.centre)
    write("2", at=YESTERDAY, place=cast.centre)
    write("3", at=YESTERDAY, place=cast.other_centre)
    write("4", at=YESTERDAY)
    write("5", at=timezone.now(), place=cast.centre)


def change(statement: str, *values) -> None:
    """Do what only the database's owner can: lift the triggers, write, put them back."""
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    triggers.install(connection)


def test_each_past_day_of_each_place_is_sealed_once_and_leaves(cast, two_days):
    assert seals.seal_past_days() == 4
    assert seals.seal_past_days() == 0
    found = {(seal.scope, str(seal.day)): seal for seal in JournalSeal.objects.all()}
    day, before = str(YESTERDAY.date()), str(THE_DAY_BEFORE.date())
    assert set(found) == {(cast.centre.code, before), (cast.centre.code, day), (cast.other_centre.code, day), ("", day)}
    assert found[cast.centre.code, day].rows == 2
    assert found[cast.centre.code, day].previous_hash == found[cast.centre.code, before].hash
    sent = OutboxMessage.objects.filter(channel="seal").order_by("created_at")
    assert [message.body for message in sent if message.subject == f"journal:{cast.centre.code}"] == [
        seals.body_of(found[cast.centre.code, before]), seals.body_of(found[cast.centre.code, day]),
    ]  # fmt: skip
    assert seals.faults([message.body for message in sent]) == []


def test_today_and_the_hour_after_midnight_are_not_sealed(two_days):
    midnight = timezone.localtime().replace(hour=0, minute=30)
    assert seals.seal_past_days(now=midnight) == 1, "the day before yesterday alone"


def test_a_clock_that_was_killed_halfway_seals_the_rest(cast, two_days):
    seals.seal_past_days()
    change("DELETE FROM journal_journalseal WHERE scope = %s", cast.other_centre.code)
    OutboxMessage.objects.filter(subject=f"journal:{cast.other_centre.code}").delete()
    assert seals.seal_past_days() == 1 and seals.faults() == []


@pytest.mark.parametrize("statement", ["UPDATE journal_journalseal SET rows = 9", "DELETE FROM journal_journalseal"])
def test_the_database_refuses_to_change_or_delete_a_seal(two_days, statement):
    seals.seal_past_days()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_changed_row_with_a_recomputed_chain_is_named_by_its_day(cast, two_days):
    seals.seal_past_days()
    row = JournalEntry.objects.get(subject_id="2")
    row.actor = "user:666"
    change(
        "UPDATE journal_journalentry SET actor = %s, hash = %s WHERE subject_id = '2'", row.actor, journal._digest(row)
    )
    assert journal.chain_faults(("ticket", "2")) == [], "the chain alone does not show it"
    assert seals.faults() == [f"{YESTERDAY.date()} at {cast.centre.code}: rows were changed after the seal"]


def test_a_row_that_was_removed_or_slipped_in_is_named(cast, two_days):
    seals.seal_past_days()
    change("DELETE FROM journal_journalentry WHERE subject_id = '3'")
    write("6", at=YESTERDAY, place=cast.centre)
    assert set(seals.faults()) == {
        f"{YESTERDAY.date()} at {cast.centre.code}: 2 rows were sealed, and 3 are there",
        f"{YESTERDAY.date()} at {cast.other_centre.code}: 1 rows were sealed, and 0 are there",
    }


def test_seals_made_anew_are_not_those_that_another_system_has(cast, two_days, tmp_path):
    seals.seal_past_days()
    kept = tmp_path / "kept.jsonl"
    bodies = [message.body for message in OutboxMessage.objects.filter(channel="seal")]
    kept.write_text("\n".join(json.dumps({"id": "x", "body": body}) for body in bodies))
    change("UPDATE journal_journalentry SET actor = 'user:666' WHERE subject_id = '4'")
    row = JournalEntry.objects.get(subject_id="4")
    change("UPDATE journal_journalentry SET hash = %s WHERE subject_id = '4'", journal._digest(row))
    change("DELETE FROM journal_journalseal")
    OutboxMessage.objects.filter(channel="seal").delete()
    seals.seal_past_days()
    assert seals.faults() == [], "inside the machine all agrees"
    with pytest.raises(CommandError, match="no place: the seal here is not the one that was received"):
        call_command("verify_journal", "--seals", str(kept))


def test_a_day_whose_seals_are_gone_is_named(two_days):
    seals.seal_past_days()
    change("DELETE FROM journal_journalseal WHERE day = %s", THE_DAY_BEFORE.date())
    found = seals.faults()
    assert f"{THE_DAY_BEFORE.date()}: rows of that day have no seal" in found
    assert any("does not follow the seal before it" in fault for fault in found)


def test_the_command_says_that_all_holds_or_what_does_not(two_days, tmp_path):
    seals.seal_past_days()
    out = StringIO()
    call_command("verify_journal", stdout=out)
    assert "The journal is whole" in out.getvalue() and "4 daily seals" in out.getvalue()
    change("UPDATE journal_journalentry SET action = 'finish' WHERE subject_id = '5'")
    with pytest.raises(CommandError, match="ticket 5: entry 1 was changed"):
        call_command("verify_journal")
    (tmp_path / "no-seals").write_text('{"day": 1}')
    with pytest.raises(CommandError, match="line 1: this is no seal"):
        call_command("verify_journal", "--seals", str(tmp_path / "no-seals"))

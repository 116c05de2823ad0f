"""A visit is rated once, on one's own free will; the rating is never changed, and neither clerk nor helper sees it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.base.clock import services as clock
from portal.base.journal import services as journal
from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage
from servicedesk.queueing.models import Ticket
from servicedesk.ratings import services as ratings
from servicedesk.ratings.errors import AlreadyRated, NotYet, UnknownOption
from servicedesk.ratings.models import Rating, RatingComment, RatingOption
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(case, ticket) -> Ticket:
    return at_desk.finished(ticket)


def rate(ticket: Ticket, level: int | None = 5, **changes) -> Rating:
    given = {"options": [], "comment": "", "channel": "kiosk", "actor": "resident"} | changes
    return ratings.rate(ticket=ticket, level=level, **given)


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_level_can_be_given_with_reasons_of_its_own(visit, level):
    code = ratings.options_for(level)[0]["code"]
    rating = rate(visit, level, options=[code, code])
    assert (rating.level, rating.options, rating.options_version) == (level, [code], 1)
    assert not ratings.can_be_rated(visit)


def test_a_skip_is_kept_without_a_level_and_reported_to_nobody(visit):
    rating = rate(visit, None, options=["fast"], comment="好")
    assert (rating.level, rating.options) == (None, [])
    assert not OutboxMessage.objects.filter(channel="ratings").exists()
    assert not RatingComment.objects.exists()


def test_a_second_one_is_refused_whatever_the_first_was(visit):
    for level in (None, 1):
        with transaction.atomic():
            rate(visit, level)
            with pytest.raises(AlreadyRated):
                rate(visit, 5)
            transaction.set_rollback(True)


def test_the_loser_of_a_race_is_told_the_same(visit, monkeypatch):
    """The other one's row appears after the look and before the insert."""
    real = Rating.objects.create

    def create_after_the_other(**values):
        monkeypatch.setattr(Rating.objects, "create", real)
        real(**values)
        return real(**values)

    monkeypatch.setattr(Rating.objects, "create", create_after_the_other)
    with pytest.raises(AlreadyRated):
        rate(visit)


def test_a_visit_that_is_not_over_cannot_be_rated(ticket):
    assert not ratings.can_be_rated(ticket)
    with pytest.raises(NotYet):
        rate(ticket)


@pytest.mark.parametrize(("level", "options"), [(6, []), (0, []), (5, ["slow"]), (1, ["made_up"])])
def test_an_unknown_level_or_reason_is_refused(visit, level, options):
    with pytest.raises(UnknownOption):
        rate(visit, level, options=options)
    assert not Rating.objects.exists()


def test_a_comment_is_sealed_and_opens_again(visit):
    rating = rate(visit, 2, comment="  等了一个小时  ")
    assert "等了一个小时".encode() not in bytes(RatingComment.objects.get().sealed)
    assert ratings.comment_of(rating) == "等了一个小时"


def test_the_platform_is_told_through_the_outbox_with_the_words_sealed(visit, case, item):
    rating = rate(visit, 1, options=["slow"], comment="等了一个小时")
    message = OutboxMessage.objects.get(channel="ratings")
    assert "等了一个小时" not in str(message.body)
    body = outbox.opened(message)
    assert (body["level"], body["options"], body["comment"]) == (1, ["slow"], "等了一个小时")
    assert (body["case"], body["item"], body["ticket"]) == (case.number, item.key, visit.number)
    assert body["rating"] == str(rating.pk)


def test_what_was_said_stands_in_no_chain_that_the_desk_reads(visit, case):
    rating = rate(visit, 1, options=["slow"])
    for subject in (("ticket", visit.pk), ("case", case.pk)):
        assert not [entry for entry in journal.entries_for(subject) if "rat" in entry.action]
    entry = journal.entries_for(("rating", rating.pk))[0]
    assert "level" not in entry.facts and entry.facts["ticket"] == str(visit.pk)


@pytest.mark.sqlite
@pytest.mark.parametrize("sql", ["UPDATE ratings_rating SET level = 5", "DELETE FROM ratings_rating"])
def test_the_database_refuses_to_change_or_remove_a_rating(visit, sql):
    rate(visit, 1, comment="慢")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Rating.objects.get().level == 1


@pytest.mark.sqlite
def test_the_database_refuses_to_change_a_comment(visit):
    rate(visit, 1, comment="慢")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        RatingComment.objects.update(sealed=b"x")


def test_comments_go_in_time_and_levels_stay(visit):
    rate(visit, 2, comment="慢")
    now = timezone.now() + timedelta(days=1096)
    clock.enforce_retention(now=now)
    assert not RatingComment.objects.exists() and Rating.objects.get().level == 2


def test_a_new_version_of_the_reasons_holds_and_the_old_one_stays_readable(visit):
    RatingOption.objects.create(version=2, level=5, code="kind", text_zh="很耐心", text_en="Patient")
    assert ratings.options_for(5) == [{"code": "kind", "text": "很耐心"}]
    assert ratings.options_for(5, "en") == [{"code": "kind", "text": "Patient"}]
    assert rate(visit, 5, options=["kind"]).options_version == 2
    assert RatingOption.objects.filter(version=1, level=1).count() == 8


def test_the_five_levels_have_reasons_in_both_languages():
    for level in (1, 2, 3, 4, 5):
        assert len(ratings.options_for(level)) >= 4
        assert all(option["text"].isascii() for option in ratings.options_for(level, "en"))


# --- from one's own telephone ------------------------------------------------------------------------------------


def page(client, ticket, **data):
    url = f"/rate/{ticket.track_code}/"
    return client.post(url, data) if data else client.get(url)


def test_the_page_shows_five_equal_levels_and_none_is_chosen(client, visit):
    html = page(client, visit).content.decode()
    assert [html.count(f'name="level" value="{level}"') for level in range(1, 6)] == [1] * 5
    assert "checked" not in html and 'name="skip"' in html


def test_a_good_level_is_one_tap(client, visit):
    assert page(client, visit, level="4").status_code == 200
    rating = Rating.objects.get()
    assert (rating.level, rating.channel) == (4, "phone")


def test_a_low_level_asks_for_reasons_first_and_then_keeps_them(client, visit):
    assert "等得太久" in page(client, visit, level="1").content.decode()
    assert not Rating.objects.exists()
    page(client, visit, level="1", final="1", options=["wait", "slow"], comment="慢")
    rating = Rating.objects.get()
    assert (rating.level, rating.options, ratings.comment_of(rating)) == (1, ["wait", "slow"], "慢")


def test_leaving_without_a_rating_is_a_skip(client, visit):
    page(client, visit, skip="1")
    assert Rating.objects.get().level is None


def test_the_second_time_says_that_it_was_rated(client, visit):
    page(client, visit, level="5")
    assert page(client, visit, level="1", final="1").status_code == 409
    assert 'name="level"' not in page(client, visit).content.decode()
    assert Rating.objects.get().level == 5


@pytest.mark.parametrize("data", [{"level": "9"}, {"level": "x"}, {"other": "1"}])
def test_a_wrong_answer_shows_the_levels_again(client, visit, data):
    assert page(client, visit, **data).status_code == 422
    assert not Rating.objects.exists()


def test_a_reason_from_nowhere_is_refused_with_a_sentence(client, visit):
    assert page(client, visit, level="1", final="1", options=["made_up"]).status_code == 422


def test_before_the_visit_is_over_the_page_says_so(client, ticket):
    response = page(client, ticket)
    assert response.status_code == 200 and 'name="level"' not in response.content.decode()


def test_an_unknown_code_is_not_found(client, db):
    assert client.get("/rate/AAAAAAAAAAAAAAAA/").status_code == 404

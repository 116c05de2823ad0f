"""Items are checked again in time: the button, the dates, the messages to owner and deputy, the lists."""

from datetime import date, time, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from content.editing import services
from content.items.models import EditionMaterial, ItemAtPlace, ItemEdition, Material, ServiceItem, Situation
from portal.base.accounts.models import User
from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage
from portal.base.places import editing
from portal.base.places import services as places
from portal.base.places.hours import DayRow, Interval

TODAY = date(2026, 11, 26)


@pytest.fixture
def item(site, cast) -> ServiceItem:
    found = ServiceItem.objects.get(name_zh="门急诊就医记录册申领")
    User.objects.filter(pk=cast.editor.pk).update(email="editor@example.org")
    found.owner, found.deputy, found.review_due = cast.editor, cast.manager, TODAY
    found.save()
    ServiceItem.objects.exclude(pk=found.pk).update(review_due=TODAY + timedelta(days=300))
    return found


def state_of(item: ServiceItem) -> services.ItemState:
    return services.item_states(ServiceItem.objects.filter(pk=item.pk))[0]


@pytest.mark.parametrize(("day", "months", "then"), [
    (date(2026, 1, 31), 1, date(2026, 2, 28)),
    (date(2024, 1, 31), 1, date(2024, 2, 29)),
    (date(2026, 11, 26), 12, date(2027, 11, 26)),
    (date(2026, 12, 1), 6, date(2027, 6, 1)),
])  # fmt: skip
def test_months_are_counted_by_the_calendar(day, months, then):
    assert services.in_months(day, months) == then


def test_i_have_checked_it_sets_the_next_date_and_is_in_the_history(item, cast, client_for):
    client, url = client_for(cast.editor), reverse("editing_check", args=[item.pk])
    assert "我已核对" in client.get(url).content.decode()
    assert client.post(url).status_code == 302
    item.refresh_from_db()
    assert item.checked_by == cast.editor
    assert item.review_due == services.in_months(timezone.localdate(), 12)
    assert ModelLogEntry.objects.filter(action="linban.checked", object_id=str(item.pk)).count() == 1
    history = client.get(reverse("wagtailsnippets_items_serviceitem:history", args=[item.pk])).content.decode()
    assert "已核对" in history


def test_who_may_not_change_items_checks_none(item, own, cast, client_for):
    url = reverse("editing_check", args=[item.pk])
    for stranger in (own.editor, cast.clerk, cast.stranger):
        assert client_for(stranger).post(url).status_code in (302, 403)
    item.refresh_from_db()
    assert item.checked_at is None


def test_the_owner_is_told_once_and_two_weeks_later_the_deputy(item, cast):
    assert services.tell_about_due(today=TODAY - timedelta(days=1)) == 0
    assert services.tell_about_due(today=TODAY) == 1
    assert services.tell_about_due(today=TODAY + timedelta(days=13)) == 0
    assert services.tell_about_due(today=TODAY + timedelta(days=14)) == 1
    assert services.tell_about_due(today=TODAY + timedelta(days=60)) == 0
    told = list(OutboxMessage.objects.filter(channel="mail").order_by("position"))
    assert [(message.body["kind"], message.body["account"]) for message in told] == [
        ("review.due", cast.editor.username),
        ("review.late", cast.manager.username),
    ]
    assert "门急诊就医记录册申领" in outbox.opened(told[0])["text"]
    assert "editor@example.org" not in str(told[0].body)
    item.refresh_from_db()
    assert item.escalated_at is not None


def test_after_a_check_it_all_begins_anew(item, cast):
    services.tell_about_due(today=TODAY + timedelta(days=14))
    services.mark_checked(item, user=cast.editor)
    item.refresh_from_db()
    assert item.escalated_at is None
    assert services.tell_about_due(today=TODAY + timedelta(days=30)) == 0
    assert services.tell_about_due(today=item.review_due) == 1


def test_without_an_owner_the_deputy_is_told_at_once(item, cast):
    ServiceItem.objects.filter(pk=item.pk).update(owner=None)
    assert services.tell_about_due(today=TODAY) == 1
    assert OutboxMessage.objects.get(channel="mail").body["account"] == cast.manager.username


def test_mail_goes_out_by_the_mail_server_where_there_is_one(item, settings):
    settings.MAIL_SERVER = "smtp://mail.example.org"
    services.tell_about_due(today=TODAY)
    outbox.deliver_due()
    (sent,) = mail.outbox
    assert sent.to == ["editor@example.org"]
    assert "请核对" in sent.subject
    assert f"/cms/items/{item.pk}/checked/" in sent.body
    assert OutboxMessage.objects.get(channel="mail").state == "delivered"


def test_an_account_without_an_address_becomes_a_dead_letter_that_somebody_sees(item, settings, cast):
    settings.MAIL_SERVER = "smtp://mail.example.org"
    User.objects.filter(pk=cast.editor.pk).update(email="")
    services.tell_about_due(today=TODAY)
    outbox.deliver_due()
    assert mail.outbox == []
    assert "no e-mail address" in outbox.dead_letters().get().last_error


def test_an_item_without_a_date_gets_one(item):
    ServiceItem.objects.filter(pk=item.pk).update(review_due=None, review_months=6)
    assert services.set_first_due() == 1
    item.refresh_from_db()
    assert item.review_due == services.in_months(timezone.localdate(item.created_at), 6)
    assert services.set_first_due() == 0


def test_a_material_or_a_place_that_changed_after_the_check_is_told(item, cast):
    edition = ItemEdition.objects.get(item=item)
    material = Material.objects.get(name="居民身份证")
    assert EditionMaterial.objects.filter(edition=edition, material=material).exists()
    rule = ItemAtPlace.objects.create(item=item, place=cast.second_point)
    services.mark_checked(item, user=cast.editor)
    assert state_of(item).changed_elsewhere == []
    material.explanation = "要看清有效期。"
    material.save_revision().publish()
    assert state_of(item).changed_elsewhere == ["居民身份证"]
    cast.second_point.refresh_from_db()
    cast.second_point.save()
    assert state_of(item).changed_elsewhere == ["居民身份证", rule.place.name]
    services.mark_checked(item, user=cast.editor)
    assert state_of(item).changed_elsewhere == []


def change_address(place, cast):
    editing.change_place(place, by="test", fields={"address": "搬到隔壁了"})


def change_hours(place, cast):
    editing.change_place(place, by="test", hours=[Interval(0, time(9), time(11))])


def change_single_day(place, cast):
    days = [DayRow(timezone.localdate() + timedelta(days=9), "盘点")]
    editing.change_place(place, by="test", exceptions=days)


def change_status(place, cast):
    places.change_status(place, "suspended", reason="停电", by="test")


@pytest.mark.parametrize("change", [change_address, change_hours, change_single_day, change_status])
def test_a_place_that_changed_in_any_way_is_told(change, item, cast):
    ItemAtPlace.objects.create(item=item, place=cast.second_point)
    services.mark_checked(item, user=cast.editor)
    assert state_of(item).changed_elsewhere == []
    change(cast.second_point, cast)
    assert state_of(item).changed_elsewhere == [cast.second_point.name]


def test_what_a_place_does_differently_is_told_when_it_changes(item, cast):
    rule = ItemAtPlace.objects.create(item=item, place=cast.second_point)
    services.mark_checked(item, user=cast.editor)
    rule.is_offered, rule.next_step = False, "到受理中心办。"
    rule.save()
    assert state_of(item).changed_elsewhere == [f"{cast.second_point.name}：办法有不同"]
    services.mark_checked(item, user=cast.editor)
    ItemAtPlace.objects.create(item=item, place=cast.point)
    assert state_of(item).changed_elsewhere == [f"{cast.point.name}：办法有不同"]


def test_a_question_that_a_condition_names_is_told_when_it_changes(site, cast):
    archive = ServiceItem.objects.get(name_zh="婚姻登记档案查询")
    services.mark_checked(archive, user=cast.editor)
    assert state_of(archive).changed_elsewhere == []
    question = Situation.objects.get(key="somebody-else-comes")
    question.why = "要另带材料。"
    question.save_revision()
    assert state_of(archive).changed_elsewhere == ["别人替您来办时"]


def test_drafts_and_what_is_scheduled_are_told(item):
    edition = ItemEdition.objects.get(item=item)
    edition.summary = "改过的草稿"
    edition.save_revision()
    later = timezone.localdate() + timedelta(days=40)
    ItemEdition.objects.create(item=item, name="新版", valid_from=later, live=True)
    state = state_of(item)
    assert state.has_draft
    assert state.scheduled_for == later


def test_the_report_filters_and_exports(item, cast, client_for):
    client, url = client_for(cast.editor), reverse("editing_attention")
    mine = client.get(f"{url}?kind=mine").content.decode()
    assert "门急诊就医记录册申领" in mine
    assert "婚姻登记档案查询" not in mine
    unowned = client.get(f"{url}?kind=unowned").content.decode()
    assert "婚姻登记档案查询" in unowned
    assert "门急诊就医记录册申领" not in unowned
    csv = b"".join(client.get(f"{url}?kind=due&export=csv").streaming_content).decode()
    assert item.key in csv
    assert "现在要核对" in csv
    assert client.get(f"{url}?export=xlsx").status_code == 200


def test_the_home_panel_counts_and_leads_there(item, cast, own, client_for):
    html = client_for(cast.editor).get("/cms/").content.decode()
    assert "等您处理" in html
    assert "kind=mine" in html
    other = client_for(own.editor).get("/cms/").content.decode()
    assert "kind=mine" not in other
    assert "待回答的问题" in other


def test_the_states_of_all_items_take_the_same_number_of_queries(item, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        services.item_states()

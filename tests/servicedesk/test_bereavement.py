"""Where somebody has died: no rating is asked for, the message says only that something moved, no lamp is lit."""

import pytest
from asgiref.sync import sync_to_async

from content.items import services as items
from content.items.models import LifeEvent, LifeEventItem
from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage
from portal.base.streams import consumers
from servicedesk.cases import services as cases
from servicedesk.ratings import services as ratings
from servicedesk.ratings.models import Rating
from servicedesk.remote import services as remote
from tests.cast import make_cast
from tests.servicedesk.cases.at_desk import a_case, a_kiosk, a_person, a_ticket, an_item, finished, served
from tests.servicedesk.kiosk.screens import Screen, device_client, socket_of
from tests.servicedesk.remote.calls import connected

pytestmark = pytest.mark.django_db


def an_item_of_a_bereavement():
    item = an_item("丧葬补助金申领", "funeral-grant")
    event = LifeEvent.objects.create(key="bereavement", name="家里有人过世", is_bereavement=True)
    LifeEventItem.objects.create(event=event, item=item)
    return item


def test_an_item_is_one_when_such_an_event_lists_it(cast):
    other = an_item("婚姻登记档案查询", "marriage-archive")
    event = LifeEvent.objects.create(key="moving", name="搬家")
    LifeEventItem.objects.create(event=event, item=other)
    assert items.is_bereavement(an_item_of_a_bereavement())
    assert not items.is_bereavement(other) and not items.is_bereavement(None)


def test_no_rating_is_asked_for_and_one_may_be_given(cast, client_for):
    item = an_item_of_a_bereavement()
    ticket = finished(served(a_ticket(cast, person=a_person(cast.resident), item=item, device=None), cast.counter))
    assert ratings.can_be_rated(ticket) and not ratings.is_asked_for(ticket)
    page = client_for(None).get(f"/track/t/{ticket.track_code}/").content.decode()
    assert "data-quiet" in page and f"/rate/{ticket.track_code}/" not in page
    assert client_for(None).get(f"/rate/{ticket.track_code}/").status_code == 200


def test_the_message_says_only_that_something_moved(cast):
    item = an_item_of_a_bereavement()
    case = a_case(
        cast, served(a_ticket(cast, person=a_person(cast.resident), item=item, device=None), cast.counter), item
    )
    cases.set_phone(case, phone="13800138000", actor="user:1")
    cases.move_case(case, "accept", actor="user:1")
    assert outbox.opened(OutboxMessage.objects.get(channel="sms"))["text"] == "您的申请有进展。"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("is_bereavement", "after"), [(True, "done"), (False, "rate")])
async def test_the_kiosk_lights_no_lamp_and_asks_for_no_rating(monkeypatch, is_bereavement, after):
    monkeypatch.setattr(consumers, "LOOK_EVERY_S", 3600)

    def make():
        cast = make_cast()
        item = an_item_of_a_bereavement() if is_bereavement else an_item()
        device, _private = a_kiosk(cast.point)
        a_ticket(cast, person=a_person(cast.resident), item=item, device=device)
        remote.call_next(cast.counter, clerk=cast.clerk, actor=f"user:{cast.clerk.pk}")
        return device_client(device), remote.active_session_of(device)

    client, session = await sync_to_async(make)()
    kiosk = await Screen(socket_of(client, "/ws/kiosk/")).open()
    second = await Screen(socket_of(client, "/ws/kiosk/second/"), draws_after_commands=False).open()
    assert (kiosk.data["screen"], kiosk.data["is_quiet"]) == ("notice", is_bereavement)
    assert second.data["is_quiet"] is is_bereavement
    await sync_to_async(connected)(session)
    await kiosk.look()
    assert (kiosk.data["screen"], kiosk.data["is_quiet"]) == ("call", is_bereavement)
    await sync_to_async(remote.end_session)(session, actor="user:1", reason="finished", outcome="done")
    await kiosk.look()
    assert kiosk.data["screen"] == after
    if is_bereavement:
        await kiosk.do("leave")
        assert (kiosk.data["screen"], kiosk.data["is_quiet"]) == ("home", False)
        assert not await Rating.objects.aexists()
    await kiosk.close()
    await second.close()

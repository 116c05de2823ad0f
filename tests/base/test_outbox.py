"""The outbox: at least once, in order per subject, with back-off, a dead letter, and a real server at the other end."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from portal.base.outbox import services as outbox
from portal.base.outbox import views
from portal.base.outbox.models import OutboxMessage

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


class Gateway:
    """A real HTTP server on a free port that answers with the statuses it is given, then 200."""

    def __init__(self) -> None:
        self.received: list[dict] = []
        self.keys: list[str] = []
        self.statuses: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = outer.statuses.pop(0) if outer.statuses else 200
                outer.keys.append(self.headers["Idempotency-Key"])
                if status == 200:
                    outer.received.append(body)
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/sms"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def gateway(settings):
    server = Gateway()
    settings.SMS_GATEWAY = server.url
    yield server
    server.close()


def put(subject: str = "case:1", **more) -> OutboxMessage:
    with transaction.atomic():
        return outbox.put(
            "sms", subject, {"template": "code"}, personal={"phone": "13800000000", "text": "6 位"}, **more
        )


def test_a_message_reaches_the_gateway_with_its_personal_parts_and_its_key(gateway):
    message = put()
    assert outbox.deliver_due() == 1
    message.refresh_from_db()
    assert (message.state, message.via, message.attempts) == ("delivered", "gateway", 1)
    assert gateway.received[0]["body"] == {"template": "code", "phone": "13800000000", "text": "6 位"}
    assert gateway.keys == [message.idempotency_key]


def test_personal_parts_lie_sealed_in_the_database():
    message = OutboxMessage.objects.get(pk=put().pk)
    assert b"13800000000" not in bytes(message.sealed)
    assert "13800000000" not in json.dumps(message.body)
    assert outbox.opened(message)["phone"] == "13800000000"


def test_the_order_of_a_subject_is_kept_over_a_failure(gateway):
    gateway.statuses = [503]
    first, second, other = put(), put(), put("case:2")
    now = timezone.now()
    assert outbox.deliver_due(now=now) == 1  # the first failed, the second waits behind it, the other went
    assert [body["subject"] for body in gateway.received] == ["case:2"]
    assert outbox.deliver_due(now=now + timedelta(seconds=30)) == 2
    assert [(body["subject"], body["position"]) for body in gateway.received[1:]] == [("case:1", 1), ("case:1", 2)]
    assert gateway.keys[0] == gateway.keys[2] == first.idempotency_key
    assert {second.position, other.position} == {1, 2}


def test_waits_grow_and_a_dead_letter_is_seen(gateway):
    message = put()
    gateway.statuses = [500] * 50
    now, waits = timezone.now(), []
    for _turn in range(outbox.MAX_ATTEMPTS):
        outbox.deliver_due(now=now)
        message.refresh_from_db()
        waits.append((message.next_at - now).total_seconds())
        now = message.next_at + timedelta(seconds=1)
    assert message.state == "dead"
    assert message.last_error == "the gateway answered 500"
    assert waits[:4] == [5, 10, 20, 40] and max(waits[:-1]) <= outbox.LONGEST_WAIT_S
    assert list(outbox.dead_letters()) == [message]
    assert outbox.counts() == {"pending": 0, "dead": 1}
    gateway.statuses = []
    assert outbox.send_again(message) is True
    assert outbox.send_again(message) is False
    assert outbox.deliver_due() == 1


def test_a_final_refusal_is_not_tried_again(gateway):
    message = put()
    gateway.statuses = [422]
    outbox.deliver_due()
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("dead", 1)


def test_a_gateway_that_is_away_is_tried_again(settings):
    settings.SMS_GATEWAY = "http://127.0.0.1:9/"
    message = put()
    assert outbox.deliver_due() == 0
    message.refresh_from_db()
    assert message.state == "pending" and "could not be reached" in message.last_error


def test_without_a_gateway_a_message_waits_and_does_not_pretend(settings):
    settings.SMS_GATEWAY, settings.DEMO = "", False
    message = put()
    assert outbox.deliver_due() == 0
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == ("pending", 0, "SMS_GATEWAY is not set")


def test_a_message_past_its_time_is_not_sent(gateway):
    message = put(expires_at=timezone.now() - timedelta(seconds=1))
    assert outbox.deliver_due() == 0
    message.refresh_from_db()
    assert message.state == "dead" and gateway.received == []


def test_putting_the_same_key_again_is_the_same_message():
    assert put(idempotency_key="code-7").pk == put(idempotency_key="code-7").pk
    assert OutboxMessage.objects.count() == 1


def test_of_two_clocks_one_delivers(gateway, monkeypatch):
    message = put()
    stale = OutboxMessage.objects.get(pk=message.pk)
    assert outbox._deliver(message, timezone.now()) is True
    assert outbox._deliver(stale, timezone.now()) is False
    assert len(gateway.received) == 1


def test_settled_messages_are_forgotten_in_time(gateway):
    put()
    outbox.deliver_due()
    waiting = put("case:3")
    assert outbox.forget_settled(timezone.now() + timedelta(days=1)) == 1
    assert list(OutboxMessage.objects.all()) == [waiting]


def test_the_demos_inbox_shows_the_text_and_exists_there_alone(settings, client):
    settings.SMS_GATEWAY, settings.DEMO = "", True
    put()
    assert outbox.deliver_due() == 1
    request = RequestFactory().get("/inbox/")
    request.session, request.user = client.session, type("Nobody", (), {"is_authenticated": False})()
    page = views.inbox(request).content.decode()
    assert "13800000000" in page and "6 位" in page
    settings.DEMO = False
    from django.http import Http404

    with pytest.raises(Http404):
        views.inbox(request)


def test_an_administrator_sends_a_dead_letter_again(cast, client_for):
    message = put()
    OutboxMessage.objects.filter(pk=message.pk).update(state="dead", settled_at=timezone.now(), last_error="500")
    client = client_for(cast.system_admin)
    page = client.get("/outbox/").content.decode()
    assert "case:1" in page and "13800000000" not in page
    assert client.post(f"/outbox/{message.pk}/again/").status_code == 302
    message.refresh_from_db()
    assert message.state == "pending"

"""An outside calling system draws, calls and moves numbers through the same services as the screens."""

import pytest
from django.utils import timezone

from portal.base.journal.models import JournalEntry
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"


def draw(caller, cast, **more) -> dict:
    answer = caller.post("/tickets", {"centre": cast.centre.code, "channel": "onsite", **more})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_day_at_the_counter(cast, caller):
    drawn = draw(caller, cast, classes=["elderly"], item=None)
    assert (drawn["number"], drawn["state"], drawn["ahead"], drawn["is_new"]) == ("A001", "waiting", 0, True)
    assert 0 < drawn["wait_p50_s"] <= drawn["wait_p80_s"]
    remote = draw(caller, cast, channel="remote")
    assert remote["number"] == "Y001"
    called = caller.post(f"/counters/{cast.counter.pk}/next")
    assert (called.status_code, called.json()["id"]) == (200, remote["id"])
    assert called.json()["why"]["code"] == "remote"
    assert called.json()["counter"] == {"id": cast.counter.pk, "number": 1, "name": "1号窗口"}
    path = f"/tickets/{remote['id']}"
    states = [
        caller.post(f"{path}/{verb}", body).json()["state"]
        for verb, body in [
            ("recall", None), ("start", {}), ("hold", {}), ("resume", {}), ("finish", {"outcome": "done"}),
        ]
    ]  # fmt: skip
    assert states == ["called", "serving", "held", "serving", "finished"]
    assert caller.get(path).json()["outcome"] == "done"
    assert caller.post(f"/counters/{cast.counter.pk}/next").json()["id"] == drawn["id"]
    assert caller.post(f"/tickets/{drawn['id']}/no-show").json()["state"] == "no_show"
    empty = caller.post(f"/counters/{cast.counter.pk}/next")
    assert (empty.status_code, empty.content) == (204, b"")


def test_what_was_done_is_journalled_as_the_tokens(cast, caller):
    drawn = draw(caller, cast)
    assert JournalEntry.objects.get(subject_id=drawn["id"]).actor == f"api:{caller.row.pk}"


def test_transfer_and_cancel(cast, caller):
    drawn = draw(caller, cast)
    caller.post(f"/counters/{cast.counter.pk}/next")
    moved = caller.post(f"/tickets/{drawn['id']}/transfer", {"to_counter": cast.second_counter.pk})
    assert (moved.json()["state"], moved.json()["counter"]["number"]) == ("called", 2)
    assert caller.post(f"/tickets/{drawn['id']}/cancel", {"reason": "她改天来"}).json()["state"] == "cancelled"


def test_a_remote_number_is_drawn_for_a_point_of_the_centre(cast, caller):
    assert draw(caller, cast, channel="remote", point=cast.point.code)["point"]["code"] == cast.point.code
    elsewhere = caller.post(
        "/tickets", {"centre": cast.centre.code, "channel": "remote", "point": cast.other_point.code}
    )
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "other_centre")


def test_the_queue_has_its_number_and_why(cast, caller):
    before = caller.get(f"/centres/{cast.centre.code}/queue").json()
    draw(caller, cast)
    draw(caller, cast, channel="remote")
    after = caller.get(f"/centres/{cast.centre.code}/queue").json()
    assert after["seq"] > before["seq"]
    assert [(row["number"], row["next_why"]) for row in after["waiting"]] == [("Y001", "remote"), ("A001", "arrival")]
    assert [counter["number"] for counter in after["counters"]] == [1, 2]


def test_a_token_sees_the_centres_that_it_reaches(cast, caller, caller_for):
    assert [centre["code"] for centre in caller.get("/centres").json()] == [cast.centre.code]
    assert len(caller_for("clerk", cast.district).get("/centres").json()) == 2
    assert [c["code"] for c in caller_for("helper", cast.point).get("/centres").json()] == [cast.centre.code]


def test_refusals_are_problems_with_a_code_and_a_sentence(cast, caller):
    drawn = draw(caller, cast)
    caller.post(f"/counters/{cast.counter.pk}/next")
    for answer, status, code in [
        (caller.post(f"/counters/{cast.counter.pk}/next"), 409, "counter_busy"),
        (caller.post(f"/tickets/{drawn['id']}/finish", {"outcome": "done"}), 409, "invalid_transition"),
        (caller.post(f"/tickets/{drawn['id']}/start", {"expected": "waiting"}), 409, "changed"),
        (caller.post(f"/tickets/{drawn['id']}/finish"), 422, "unknown_choice"),
        (caller.post("/tickets", {"centre": cast.centre.code, "channel": "pigeon"}), 422, "invalid"),
        (caller.post("/tickets", {"centre": "nowhere", "channel": "onsite"}), 404, "not_found"),
        (caller.post("/tickets", {"centre": cast.centre.code, "channel": "onsite", "item": "x"}), 404, "not_found"),
        (caller.get(f"/tickets/{cast.counter.pk}"), 422, "invalid"),
        (caller.get("/cases/none"), 404, "not_found"),
    ]:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
        assert answer["Content-Type"] == PROBLEM
        assert answer.json()["detail"]


def test_an_unreadable_body_is_a_problem_too(cast, caller):
    from django.test import Client

    answer = Client().post(
        "/api/v1/tickets", "{", content_type="application/json", headers={"Authorization": f"Bearer {caller.text}"}
    )
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


@pytest.mark.parametrize("header", ["", "Bearer lb_wrong", "Basic abc"])
def test_without_a_valid_token_nothing_is_said(cast, header):
    from django.test import Client

    answer = Client().get("/api/v1/centres", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_revoked_role_ends_the_tokens_reach(cast, caller):
    caller.row.user.role_assignments.all().delete()
    assert caller.get(f"/centres/{cast.centre.code}/queue").status_code == 403


def test_a_repeated_request_has_its_effect_once(cast, caller):
    body = {"centre": cast.centre.code, "channel": "onsite"}
    first, again = (caller.post("/tickets", body, key="k1") for _try in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    assert Ticket.objects.count() == 1
    other = caller.post("/tickets", body | {"channel": "remote"}, key="k1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    one, same = (caller.post(f"/counters/{cast.counter.pk}/next", key="k2") for _try in range(2))
    assert one.json()["id"] == same.json()["id"]
    nobody = [caller.post(f"/counters/{cast.second_counter.pk}/next", key="k3").status_code for _try in range(2)]
    assert nobody == [204, 204]


def test_a_refusal_is_not_remembered(cast, caller):
    drawn = draw(caller, cast)
    path = f"/tickets/{drawn['id']}/start"
    assert caller.post(path, key="k1").status_code == 409
    caller.post(f"/counters/{cast.counter.pk}/next")
    assert caller.post(path, key="k1").status_code == 200


def test_who_calls_too_often_is_told_to_wait(cast, caller, monkeypatch):
    from servicedesk.api import api

    monkeypatch.setattr(api, "CALLS_A_MINUTE", 3)
    answers = [caller.get("/centres") for _call in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (answers[-1]["Content-Type"], answers[-1]["Retry-After"]) == (PROBLEM, "60")


def test_points_say_whether_they_are_open_and_whose_they_are(cast, caller):
    rows = {row["code"]: row for row in caller.get("/points").json()}
    assert rows[cast.point.code]["centre"] == cast.centre.code
    assert rows[cast.other_point.code]["centre"] == cast.other_centre.code
    assert rows[cast.point.code]["open_now"] is True


def test_openapi_lists_every_verb_of_the_design(client):
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    expected = {
        "/api/v1/centres", "/api/v1/tickets", "/api/v1/counters/{counter_id}/next",
        "/api/v1/tickets/{ticket_id}", "/api/v1/tickets/{ticket_id}/{verb}",
        "/api/v1/centres/{code}/queue", "/api/v1/items", "/api/v1/points", "/api/v1/cases/{number}",
        "/api/v1/cases/{number}/events",
    }  # fmt: skip
    assert expected <= set(paths)


def test_a_late_number_is_told_so(cast, caller, monkeypatch):
    told = queueing.Estimate(ahead=1, p50_s=60, p80_s=600, counters_open=1, past_closing=True, closes_at=timezone.now())
    monkeypatch.setattr(queueing, "estimate_for", lambda _ticket: told)
    drawn = draw(caller, cast)
    assert drawn["past_closing"]
    assert drawn["message"]

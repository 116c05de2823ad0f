"""The desk's pages: sitting down and leaving, cases and their papers, each only within the reach of the role."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.base.journal import services as journal
from portal.base.places import services as places
from portal.base.places.models import Counter
from servicedesk.cases import services as cases
from tests.servicedesk.cases.at_desk import a_case, a_form, a_jpeg, a_pdf, a_person, a_ticket, an_item, served

pytestmark = pytest.mark.django_db


def seat_of(user) -> Counter | None:
    return Counter.objects.filter(clerk=user).first()


def case_at(cast, counter=None):
    item = an_item()
    ticket = a_ticket(cast, person=a_person(cast.resident), item=item, device=None)
    return a_case(cast, served(ticket, counter or cast.counter), item)


def test_a_clerk_sits_down_at_a_free_counter_of_the_own_centre(cast, client_for):
    clerk = client_for(cast.clerk)
    offered = clerk.get("/desk/").content.decode()
    assert f'value="{cast.counter.pk}"' in offered and f'value="{cast.other_counter.pk}"' not in offered
    assert clerk.post("/desk/sit/", {"counter": cast.other_counter.pk}).status_code == 403
    assert clerk.post("/desk/sit/", {"counter": cast.counter.pk}).status_code == 302
    assert seat_of(cast.clerk) == cast.counter
    page = clerk.get("/desk/").content.decode()
    assert "/ws/desk/" in page and 'action="/desk/leave/"' in page

    client_for(cast.second_clerk).post("/desk/sit/", {"counter": cast.counter.pk})
    assert seat_of(cast.second_clerk) is None and seat_of(cast.clerk) == cast.counter
    cast.second_counter.is_active = False
    cast.second_counter.save()
    assert client_for(cast.second_clerk).post("/desk/sit/", {"counter": cast.second_counter.pk}).status_code == 404


def test_nobody_leaves_a_resident_alone(cast, client_for):
    places.sit_down(cast.counter, clerk=cast.clerk)
    case = case_at(cast)
    clerk = client_for(cast.clerk)
    clerk.post("/desk/leave/")
    assert seat_of(cast.clerk) == cast.counter
    clerk.post("/desk/sit/", {"counter": cast.second_counter.pk})
    assert seat_of(cast.clerk) == cast.counter
    from servicedesk.queueing import services as queueing

    case.ticket.refresh_from_db()
    queueing.move_ticket(case.ticket, "finish", actor="user:1", outcome="done")
    clerk.post("/desk/leave/")
    assert seat_of(cast.clerk) is None


def test_cases_are_listed_and_found_within_reach_and_persons_stay_masked(cast, client_for):
    case = case_at(cast)
    clerk, other = client_for(cast.clerk), client_for(cast.other_clerk)
    assert case.number in clerk.get("/desk/cases/").content.decode()
    assert case.number in clerk.get("/desk/cases/", {"q": case.number}).content.decode()
    assert f"/desk/cases/{case.pk}/" not in clerk.get("/desk/cases/", {"q": "nothing"}).content.decode()
    assert f"/desk/cases/{case.pk}/" not in other.get("/desk/cases/", {"q": case.number}).content.decode()
    page = clerk.get(f"/desk/cases/{case.pk}/").content.decode()
    assert case.number in page and cast.resident.name not in page and cast.resident.number not in page
    assert other.get(f"/desk/cases/{case.pk}/").status_code == 403
    assert client_for(cast.manager).get(f"/desk/cases/{case.pk}/").status_code == 200


def test_a_captured_page_and_a_form_open_for_the_own_centre_and_each_look_is_kept(cast, client_for):
    case = case_at(cast)
    page = cases.capture_page(case, jpeg=a_jpeg(), material="结婚证", actor="user:1")
    url = f"/desk/pages/{page.pk}.jpg"
    for user in (cast.other_clerk, cast.stranger, cast.auditor):
        assert client_for(user).get(url).status_code == 403
    assert client_for(None).get(url).status_code == 302
    answer = client_for(cast.clerk).get(url)
    assert (answer.status_code, answer["Content-Type"], answer.content[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    assert "no-store" in answer["Cache-Control"]
    looks = [entry for entry in journal.entries_for(("case", case.pk)) if entry.action == "view_page"]
    assert [look.actor for look in looks] == [f"user:{cast.clerk.pk}"]

    form = a_form(case)
    pdf = client_for(cast.clerk).get(f"/desk/forms/{form.pk}.pdf")
    assert pdf.content.startswith(b"%PDF") and case.number in pdf["Content-Disposition"]
    assert client_for(cast.other_clerk).get(f"/desk/forms/{form.pk}.pdf").status_code == 403


def test_a_result_is_a_pdf_of_bounded_size_from_the_own_centre(cast, client_for, settings):
    case = case_at(cast)
    url = f"/desk/cases/{case.pk}/result/"

    def send(user, content: bytes, name: str = "result.pdf") -> int:
        upload = SimpleUploadedFile(name, content, content_type="application/pdf")
        return client_for(user).post(url, {"title": "查档证明", "pdf": upload}).status_code

    assert send(cast.other_clerk, a_pdf()) == 403
    assert client_for(cast.clerk).post(url, {"title": "x"}).status_code == 400
    assert send(cast.clerk, b"MZ not a pdf") >= 400
    assert send(cast.clerk, a_pdf(program="app.alert(1)")) >= 400
    assert not case.results.exists()
    assert send(cast.clerk, a_pdf()) == 204
    result = case.results.get()
    assert (result.title, result.pages, result.attached_by) == ("查档证明", 1, cast.clerk)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert send(cast.clerk, a_pdf()) == 400

"""Who may enter the kiosk, the clerk's desk, the dossiers, and the media nodes' door."""

from django.core.files.uploadedfile import SimpleUploadedFile

from content.items.services import current_edition
from content.notices.services import issue_notice
from portal.base.places import services as places
from servicedesk.cases import services as cases
from servicedesk.remote import dossier as dossiers
from tests.access import OPENS, PUBLIC, SIGN_IN, Row
from tests.cast import Cast
from tests.servicedesk.cases import at_desk
from tests.servicedesk.remote import calls


def seated(cast: Cast) -> Cast:
    places.sit_down(cast.counter, clerk=cast.clerk)
    return cast


def a_case(cast: Cast):
    item = at_desk.an_item()
    ticket = at_desk.a_ticket(cast, person=at_desk.a_person(cast.resident), item=item, device=None)
    return at_desk.a_case(cast, at_desk.served(ticket, cast.counter), item)


def a_page(cast: Cast):
    return cases.capture_page(a_case(cast), jpeg=at_desk.a_jpeg(), material="结婚证", actor="user:1")


def a_form(cast: Cast):
    return at_desk.a_form(a_case(cast))


def a_receipt(cast: Cast):
    return at_desk.papers_left(a_case(cast))


def a_dossier(cast: Cast):
    session = calls.a_live_session(cast)
    calls.recorded(session)
    return dossiers.seal_session(calls.ended(session))


def a_pdf(_subject) -> dict:
    return {"title": "证明", "pdf": SimpleUploadedFile("r.pdf", at_desk.a_pdf(), content_type="application/pdf")}


def a_notice(cast: Cast):
    return issue_notice(current_edition(at_desk.an_item()), {})


NOBODY_ELSE = {"other_clerk": 403, "auditor": 403, "stranger": 403, "anonymous": SIGN_IN}
READERS = {"clerk": 200, "supervisor": 200, "manager": 200, **NOBODY_ELSE}
READS_NOTICES = {
    "clerk": 200, "other_clerk": 200, "supervisor": 200, "auditor": 403, "stranger": 403, "anonymous": SIGN_IN,
}  # fmt: skip
NO_DEVICE = {"anonymous": 4403, "clerk": 4403, "stranger": 4403}

ROWS = [
    # An unknown browser gets the page that asks the bridge which device it is; what a kiosk shows comes by its socket.
    Row("kiosk/", "/kiosk/", PUBLIC),
    Row("kiosk/second/", "/kiosk/second/", PUBLIC),
    Row("kiosk/setup/", "/kiosk/setup/", PUBLIC),
    Row(
        "kiosk/booking/<str:token>/print/",
        "/kiosk/booking/guessed/print/",
        {"anonymous": 403, "clerk": 403, "stranger": 403},
        method="post",
    ),
    Row(
        "kiosk/capture/<str:token>/",
        "/kiosk/capture/guessed/",
        {"anonymous": 403, "clerk": 403, "stranger": 403},
        method="post",
    ),
    Row(
        "point/",
        "/point/",
        {
            "helper": 200,
            "other_helper": 200,
            "clerk": 200,
            "editor": 200,
            "auditor": 403,
            "stranger": 403,
            "anonymous": SIGN_IN,
        },
    ),
    Row("live/point/<str:code>/", lambda cast: f"/live/point/{cast.point.code}/", PUBLIC),
    Row("ws/kiosk/", "/ws/kiosk/", NO_DEVICE, kind="socket"),
    Row("ws/kiosk/second/", "/ws/kiosk/second/", NO_DEVICE, kind="socket"),
    Row(
        "ws/node/",
        "/ws/node/",
        {"anonymous": 4401, "clerk": 4401, "system_admin": 4401},
        kind="socket",
        data=lambda _cast: {"type": "hello", "node": "n", "token": "guessed", "capacity": 1, "sessions": []},
    ),
    Row(
        "ws/desk/",
        "/ws/desk/",
        {"clerk": OPENS, "second_clerk": 4403, "other_clerk": 4403, "stranger": 4403, "anonymous": 4403},
        kind="socket",
        prepare=seated,
    ),
    Row("desk/notice/", lambda notice: f"/desk/notice/?code={notice.code}", READS_NOTICES, prepare=a_notice),
    Row(
        "desk/notice/<uuid:notice_id>/attach/",
        lambda notice: f"/desk/notice/{notice.pk}/attach/",
        {**READS_NOTICES, "clerk": 302, "other_clerk": 302, "supervisor": 302},
        method="post",
        prepare=a_notice,
    ),
    Row(
        "desk/notice/<uuid:notice_id>/more/",
        lambda notice: f"/desk/notice/{notice.pk}/more/",
        # A clerk who sits nowhere asks for nothing.
        {**READS_NOTICES, "clerk": 403, "other_clerk": 403, "supervisor": 403},
        method="post",
        prepare=a_notice,
    ),
    Row(
        "desk/duty/extras/",
        "/desk/duty/extras/",
        {"supervisor": 200, "manager": 200, "clerk": 403, "auditor": 403, "stranger": 403, "anonymous": SIGN_IN},
    ),
    Row(
        "desk/",
        "/desk/",
        {"clerk": 200, "supervisor": 200, "other_clerk": 200, "auditor": 403, "stranger": 403, "anonymous": SIGN_IN},
    ),
    Row(
        "desk/sit/",
        "/desk/sit/",
        {"clerk": 302, "supervisor": 302, "manager": 403, **NOBODY_ELSE},
        method="post",
        data=lambda cast: {"counter": cast.counter.pk},
    ),
    Row(
        "desk/leave/",
        "/desk/leave/",
        {"clerk": 302, "auditor": 403, "stranger": 403, "anonymous": SIGN_IN},
        method="post",
    ),
    Row(
        "desk/cases/",
        "/desk/cases/",
        {"clerk": 200, "manager": 200, "auditor": 403, "stranger": 403, "anonymous": SIGN_IN},
    ),
    Row("desk/cases/<uuid:case_id>/", lambda case: f"/desk/cases/{case.pk}/", READERS, prepare=a_case),
    Row(
        "desk/cases/<uuid:case_id>/result/",
        lambda case: f"/desk/cases/{case.pk}/result/",
        {"clerk": 204, "manager": 403, **NOBODY_ELSE},
        method="post",
        data=a_pdf,
        prepare=a_case,
    ),
    *[
        Row(
            f"desk/cases/<uuid:case_id>/{action}/",
            lambda case, action=action: f"/desk/cases/{case.pk}/{action}/",
            {"clerk": answer, "supervisor": answer, "manager": 403, **NOBODY_ELSE},
            method="post",
            prepare=a_case,
        )
        # Without anything filled in, the page says what is missing; a receipt that is not this case's is not found.
        for action, answer in (("move", 422), ("deadline", 422), ("phone", 422), ("return", 404), ("sign", 404))
    ],
    Row(
        "desk/receipts/<uuid:handover_id>.pdf",
        lambda handover: f"/desk/receipts/{handover.pk}.pdf",
        READERS,
        prepare=a_receipt,
    ),
    Row("desk/pages/<uuid:page_id>.jpg", lambda page: f"/desk/pages/{page.pk}.jpg", READERS, prepare=a_page),
    Row("desk/forms/<uuid:form_id>.pdf", lambda form: f"/desk/forms/{form.pk}.pdf", READERS, prepare=a_form),
    Row(
        "desk/dossiers/",
        "/desk/dossiers/",
        {"auditor": 200, "other_auditor": 200, "clerk": 403, "manager": 403, "stranger": 403, "anonymous": SIGN_IN},
    ),
    Row(
        "desk/dossiers/<uuid:session_id>/",
        lambda dossier: f"/desk/dossiers/{dossier.pk}/",
        {"auditor": 200, "other_auditor": 403, "clerk": 403, "manager": 403, "stranger": 403, "anonymous": SIGN_IN},
        prepare=a_dossier,
    ),
    # Nobody plays a recording without a reason given first, the auditor of the place neither (test_dossier_pages).
    Row(
        "desk/dossiers/<uuid:session_id>/<slug:picture>.webm",
        lambda dossier: f"/desk/dossiers/{dossier.pk}/resident.webm",
        {"auditor": 403, "other_auditor": 403, "clerk": 403, "stranger": 403, "anonymous": SIGN_IN},
        prepare=a_dossier,
    ),
]

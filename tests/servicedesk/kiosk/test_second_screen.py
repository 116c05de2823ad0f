"""The second screen: the paper in hand, masked; a signature holds for exactly what was shown."""

import pytest
from asgiref.sync import sync_to_async

from servicedesk.cases import services as cases
from servicedesk.remote import services as remote
from tests.cast import make_cast
from tests.servicedesk.cases.at_desk import STROKES, a_case, a_form, an_item, papers_left
from tests.servicedesk.kiosk.screens import Screen, device_client, socket_of
from tests.servicedesk.remote.calls import a_live_session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("calm")]


async def test_the_form_is_followed_signed_once_and_only_as_it_was_shown():
    def at_the_window():
        cast, item = make_cast(), an_item()
        session = a_live_session(cast, item=item)
        client = device_client(session.device)
        return cast, session, a_case(cast, session.ticket, item), client

    cast, session, case, client = await sync_to_async(at_the_window)()
    screen = await Screen(socket_of(client, "/ws/kiosk/second/"), draws_after_commands=False).open()
    assert screen.data["screen"] == "in_call"

    form = await sync_to_async(a_form)(case)
    await screen.look()
    assert screen.data["screen"] == "form" and 'data-state="filling"' in screen.html
    assert cast.resident.number not in screen.html and "1975" in screen.html
    shown = {"paper": "form", "paper_id": str(form.pk), "strokes": STROKES}
    assert await screen.refusal("sign", sha256=form.sha256, **shown) == "not_ready"

    await sync_to_async(cases.offer_form)(form, actor="user:1")
    assert 'data-state="offered"' in (await screen.look()).html
    assert await screen.refusal("sign", sha256="0" * 64, **shown) == "changed"
    assert await screen.refusal("sign", sha256=form.sha256, **shown | {"strokes": []}) == "bad_signature"
    assert await screen.refusal("sign", sha256=form.sha256, **shown | {"paper_id": "no id"}) == "malformed"
    assert await screen.refusal("sign", sha256=form.sha256, **shown | {"paper_id": str(case.pk)}) == "no_session"
    assert await screen.refusal("of_tomorrow") == "malformed"

    # The clerk changes a line while the resident reads: what was shown cannot be signed any more.
    await sync_to_async(cases.fill_form)(form, values={"year": "1976"}, actor="user:1")
    assert await screen.refusal("sign", sha256=form.sha256, **shown) == "changed"
    await sync_to_async(form.refresh_from_db)()
    await sync_to_async(cases.offer_form)(form, actor="user:1")
    await sync_to_async(remote.show)(session, instruction="sign")
    assert (await screen.do("sign", sha256=form.sha256, **shown))["type"] == "done"
    session = await sync_to_async(remote.get_session)(str(session.pk))
    assert session.instruction == "", "what was asked for is done"
    assert 'data-state="signed"' in (await screen.look()).html
    signature = await form.signatures.aget(voided_at=None)
    assert (signature.role, signature.signed_sha256) == ("resident", form.sha256)
    assert await screen.refusal("sign", sha256=form.sha256, **shown) == "invalid_transition"

    await screen.do("question", label="登记年份")
    session = await sync_to_async(remote.get_session)(str(session.pk))
    assert "登记年份" in session.resident_words

    # A receipt for papers comes before the form until it is signed.
    handover = await sync_to_async(papers_left)(case)
    await screen.look()
    assert screen.data["screen"] == "handover" and "结婚证" in screen.html
    paper = {"paper": "handover", "paper_id": str(handover.pk), "strokes": STROKES, "sha256": handover.sha256}
    assert (await screen.do("sign", **paper))["type"] == "done"
    assert (await screen.look()).data["screen"] == "form"

    await sync_to_async(remote.end_session)(session, actor="user:1", reason="finished", outcome="done")
    assert (await screen.look()).data["screen"] == "welcome"
    assert await screen.refusal("sign", sha256=form.sha256, **shown) == "no_session"
    await screen.close()

"""A resident at a counter, as far as a test needs it: item, kiosk, number, case, filled and signed form, papers."""

import io

from PIL import Image, ImageDraw
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from reportlab.pdfgen.canvas import Canvas

from content.items import services as items
from content.items.models import ItemEdition, Line, ServiceItem
from portal.base.keyring import services as keyring
from portal.base.places.models import Counter, Place
from servicedesk.cases import services as cases
from servicedesk.cases.models import Case, FilledForm, Handover
from servicedesk.devices import services as devices
from servicedesk.devices.models import Device
from servicedesk.queueing import services as queueing
from servicedesk.queueing.models import Ticket
from servicedesk.residents import services as residents
from servicedesk.residents.models import Person
from tests.cast import CardHolder, Cast

STROKES = [[[100, 200, 0], [300, 420, 40], [520, 180, 90]], [[600, 300, 300], [880, 700, 360]]]
VALUES = {
    "archive": "结婚登记档案",
    "purpose": "房屋过户公证",
    "year": "1975",
    "registered_at": "闸北区（现静安区）",
    "collect": "在服务点打印",
    "copies": "1",
}


def an_item(name: str = "婚姻登记档案查询", key: str = "marriage-archive", **edition) -> ServiceItem:
    line, _created = Line.objects.get_or_create(code="civil", defaults={"name": "民政"})
    item = ServiceItem.objects.create(key=key, line=line)
    items.publish_edition(ItemEdition.objects.create(item=item, name=name, live=False, **edition))
    item.refresh_from_db()
    return item


def a_person(holder: CardHolder) -> Person:
    return residents.remember(card=residents.card_from(holder.payload()))


def a_kiosk(place: Place, code: str = "DN-01-K1") -> tuple[Device, bytes]:
    """A paired kiosk and its private key."""
    private, public = keyring.new_signing_key()
    return devices.pair(code=code, name=f"{place.name}自助机", place=place, public_key=public), private


def a_ticket(cast: Cast, *, person: Person | None, item: ServiceItem | None, device: Device | None) -> Ticket:
    ticket, _is_new = queueing.issue_ticket(
        centre=cast.centre, channel="remote", actor="resident", item=item, point=cast.point, device=device,
        person=person, assurance="card" if person else "none",
    )  # fmt: skip
    return ticket


def served(ticket: Ticket, counter: Counter, *, actor: str = "user:1") -> Ticket:
    queueing.call_ticket(ticket, counter, actor=actor)
    return queueing.move_ticket(ticket, "start", actor=actor)


def finished(ticket: Ticket, *, actor: str = "user:1") -> Ticket:
    return queueing.move_ticket(ticket, "finish", actor=actor, outcome="done")


def a_case(cast: Cast, ticket: Ticket, item: ServiceItem, **more) -> Case:
    person = more.pop("applicant", ticket.person)
    return cases.open_case(
        ticket=ticket, item=item, clerk=cast.clerk, applicant=person, present=person,
        basis=more.pop("basis", "self"), actor=f"user:{cast.clerk.pk}", **more,
    )  # fmt: skip


def a_form(case: Case, **values: str) -> FilledForm:
    form = cases.start_form(case, form_key="archive_use", actor="user:1")
    cases.fill_form(form, values=VALUES | values, actor="user:1")
    form.refresh_from_db()
    return form


def a_signed_form(case: Case, **values: str) -> FilledForm:
    form = cases.offer_form(a_form(case, **values), actor="user:1")
    cases.sign_form(form, strokes=STROKES, sha256=form.sha256, role="resident", actor="resident")
    return form


def papers_left(case: Case, *roles: str) -> Handover:
    handover = cases.leave_papers(case, papers=[{"name": "结婚证", "form": "original", "count": 1}], actor="user:1")
    for role in roles:
        cases.sign_handover(handover, strokes=STROKES, sha256=handover.sha256, role=role, actor=role)
    return handover


def a_jpeg(width_px: int = 640, height_px: int = 480, kind: str = "JPEG", **save) -> bytes:
    picture = Image.new("RGB", (width_px, height_px), "white")
    ImageDraw.Draw(picture).rectangle((40, 40, width_px // 2, height_px // 2), fill="navy")
    out = io.BytesIO()
    picture.save(out, kind, **save)
    return out.getvalue()


def a_pdf(
    text: str = "archive certificate", *, pages: int = 1, program: str = "", attachment: bytes = b"", password: str = ""
) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for _page in range(pages):
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()
    if not (program or attachment or password):
        return out.getvalue()
    writer = PdfWriter(clone_from=io.BytesIO(out.getvalue()))
    if program:
        action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(program)}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    if attachment:
        writer.add_attachment("more.txt", attachment)
    if password:
        writer.encrypt(password)
    changed = io.BytesIO()
    writer.write(changed)
    return changed.getvalue()

"""Forms are filled with errors in place, offered, and signed exactly as they stand; an edit voids the signature."""

import pytest

from portal.base.errors import Changed, InvalidTransition
from portal.base.journal import services as journal
from servicedesk.cases import paperforms
from servicedesk.cases import services as cases
from servicedesk.cases.errors import BadSignature, NotReady
from servicedesk.cases.models import FilledForm, Signature
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(case):
    return cases.start_form(case, form_key="archive_use", actor="user:1")


def row(view: dict, name: str) -> dict:
    return next(row for row in view["rows"] if row["name"] == name)


def fill(form, **values):
    view = cases.fill_form(form, values=values, actor="user:1")
    form.refresh_from_db()
    return view


def sign(form, **changes):
    given = {"strokes": at_desk.STROKES, "sha256": form.sha256, "role": "resident", "actor": "resident"} | changes
    return cases.sign_form(form, **given)


def test_the_card_fills_what_it_says_and_the_second_screen_masks_the_number(form, cast):
    open_view, masked = cases.form_view(form, masked=False), cases.form_view(form, masked=True)
    assert row(open_view, "name")["value"] == cast.resident.name
    assert row(open_view, "number") | {"value": cast.resident.number, "from_card": True} == row(open_view, "number")
    assert row(masked, "number")["value"] == f"{cast.resident.number[0]}****{cast.resident.number[-1]}"
    assert cast.resident.number not in str(masked)


def test_values_lie_sealed(form):
    fill(form, registered_at="闸北区")
    assert "闸北区".encode() not in bytes(FilledForm.objects.get(pk=form.pk).values_sealed)


def test_archive_items_have_the_archive_form_and_all_have_the_general_one(item):
    assert [form.key for form in paperforms.forms_for(item)] == ["archive_use", "general_application"]
    other = at_desk.an_item("社保卡申领", "social-card")
    assert [form.key for form in paperforms.forms_for(other)] == ["general_application"]
    with pytest.raises(LookupError):
        paperforms.get_form("no_such_form")


def test_a_wrong_value_stays_with_its_sentence_beside_it(form):
    view = fill(form, year="75")
    assert (row(view, "year")["value"], row(view, "year")["error"]) == ("75", str(view["errors"]["year"]))
    assert row(view, "purpose")["error"] == ""
    assert fill(form, year="1975", purpose="made up")["errors"]["purpose"]


def test_offering_names_the_first_gap_and_every_gap_says_so_from_then_on(form):
    fill(form, archive="结婚登记档案")
    with pytest.raises(NotReady) as refused:
        cases.offer_form(form, actor="user:1")
    assert str(paperforms.get_form("archive_use").fields[3].label) in str(refused.value)
    form.refresh_from_db()
    view = cases.form_view(form, masked=False)
    assert row(view, "year")["error"] and row(view, "copies")["error"] and not row(view, "phone")["error"]
    assert not view["offered"]


def test_what_the_card_says_is_not_typed_over(form, cast):
    fill(form, name="别人", number="1", unknown="x")
    values = cases.form_values(form)
    assert (values["name"], values["number"]) == (cast.resident.name, cast.resident.number)
    assert "unknown" not in values


def test_the_hash_follows_the_content_and_nothing_else(form, case):
    before = form.sha256
    fill(form, year="1975")
    changed = form.sha256
    assert changed != before and form.revision == 2 and form.changed_fields == ["year"]
    fill(form, year="1975")
    assert (form.sha256, form.revision) == (changed, 2)
    again = cases.start_form(case, form_key="archive_use", actor="user:1")
    cases.fill_form(again, values={"year": "1975"}, actor="user:1")
    again.refresh_from_db()
    assert again.sha256 == changed


def test_it_is_signed_as_it_stands_and_once(case):
    form = at_desk.a_signed_form(case)
    assert cases.form_view(form, masked=True)["signed"]
    signature = Signature.objects.get()
    assert (signature.signed_sha256, signature.by) == (form.sha256, "resident")
    assert cases.strokes_of(signature, case.applicant) == at_desk.STROKES
    assert b"520" not in bytes(signature.strokes_sealed)
    with pytest.raises(InvalidTransition):
        sign(form)


def test_the_clerk_signs_beside_the_resident(case):
    form = at_desk.a_signed_form(case)
    sign(form, role="clerk", actor="user:1")
    assert form.signatures.count() == 2


def test_it_is_not_signed_before_it_is_offered(case):
    form = at_desk.a_form(case)
    with pytest.raises(NotReady):
        sign(form)


def test_a_form_that_changed_under_the_hand_is_refused(case):
    form = cases.offer_form(at_desk.a_form(case), actor="user:1")
    shown = form.sha256
    fill(form, year="1976")
    with pytest.raises(Changed):
        sign(form, sha256=shown)
    assert not form.signatures.exists()


def test_an_edit_voids_the_signature_and_the_offer_and_the_journal_tells(case):
    form = at_desk.a_signed_form(case)
    fill(form, year="1976")
    view = cases.form_view(form, masked=True)
    assert not view["signed"] and not view["offered"]
    assert Signature.objects.get().voided_at is not None
    assert [entry.action for entry in journal.entries_for(("case", case.pk))][-1] == "void_signature"
    cases.offer_form(form, actor="user:1")
    form.refresh_from_db()
    sign(form)
    assert cases.form_view(form, masked=True)["signed"]


@pytest.mark.parametrize(
    "strokes",
    [[], [[]], [[[1, 1, 0]]], "x", None, [[["a", 1, 0], [2, 2, 0]]], [[[1, 1], [2, 2]]], [[[1, 1, 0], [1001, 2, 0]]],
     [[[-1, 1, 0], [5, 2, 0]]], [[[n % 1000, 5, n] for n in range(20_001)]]],
)  # fmt: skip
def test_what_is_no_signature_is_refused(case, strokes):
    form = cases.offer_form(at_desk.a_form(case), actor="user:1")
    with pytest.raises(BadSignature):
        sign(form, strokes=strokes)
    assert not form.signatures.exists()


def test_a_telephone_on_the_form_becomes_the_cases(case):
    form = at_desk.a_form(case, phone="123")
    case.refresh_from_db()
    assert case.phone_sealed is None
    fill(form, phone="13800000000")
    case.refresh_from_db()
    assert case.phone_sealed is not None
    fill(form, phone="")
    case.refresh_from_db()
    assert case.phone_sealed is None


# --- papers left behind ----------------------------------------------------------------------------------------------


def test_papers_left_have_a_numbered_receipt_that_both_sign_once(case):
    handover = at_desk.papers_left(case, "resident", "clerk")
    assert handover.number == f"{case.number}-S1"
    assert handover.papers == [{"name": "结婚证", "form": "原件", "count": 1}]
    with pytest.raises(Changed):
        cases.sign_handover(handover, strokes=at_desk.STROKES, sha256=handover.sha256, role="clerk", actor="user:1")


def test_a_receipt_of_other_content_is_not_signed(case):
    handover = at_desk.papers_left(case)
    with pytest.raises(Changed):
        cases.sign_handover(handover, strokes=at_desk.STROKES, sha256="0" * 64, role="resident", actor="resident")
    assert not handover.signatures.exists()


def test_no_papers_make_no_receipt(case):
    for papers in ([], [{"name": "  "}]):
        with pytest.raises(NotReady):
            cases.leave_papers(case, papers=papers, actor="user:1")


def test_papers_go_back_once_with_a_receipt_of_their_own(case):
    handover = at_desk.papers_left(case, "resident", "clerk")
    back = cases.return_papers(handover, actor="user:1")
    assert (back.direction, back.papers, back.number) == ("returned", handover.papers, f"{case.number}-S2")
    assert back.sha256 != handover.sha256
    for again in (handover, back):
        with pytest.raises(InvalidTransition):
            cases.return_papers(again, actor="user:1")

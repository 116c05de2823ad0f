"""Policy questions of staff, and the suggestion box: who may, what is kept, what stays typed, what is refused."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from content.bulletin import services
from content.bulletin.contacts import way_of
from content.bulletin.models import PolicyQuestion, Suggestion
from portal.base.errors import InvalidTransition
from portal.base.journal.models import JournalEntry
from portal.base.outbox import services as outbox
from portal.base.outbox.models import OutboxMessage

TYPED = {"topic": "point", "text": "机器旁边要有椅子", "contact": "13800000000", "place": "", "website": ""}


@pytest.fixture
def box(site) -> str:
    return reverse("suggest")


def test_what_is_written_is_kept_sealed_and_thanked_for(box, client, cast):
    answer = client.post(box, TYPED)
    assert answer["Location"] == reverse("suggestion_thanks")
    assert "收到" in client.get(answer["Location"]).content.decode()
    kept = Suggestion.objects.get()
    assert (kept.place, kept.topic, kept.has_contact) == (cast.district, "point", True)
    opened = services.opened(kept)
    assert (opened["text"], opened["contact"]) == (TYPED["text"], TYPED["contact"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM bulletin_suggestion")
        raw = repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in cursor.fetchone()])
    assert "13800000000" not in raw
    assert "椅子" not in raw


def test_bad_input_is_told_in_place_and_nothing_typed_is_lost(box, client):
    for wrong in ({"text": ""}, {"topic": ""}, {"text": "长" * 1001}, {"place": "999"}, {"contact": "138000"}):
        answer = client.post(box, TYPED | wrong)
        html = answer.content.decode()
        assert answer.status_code == 200
        assert "field--error" in html
        assert (TYPED | wrong)["contact"] in html
        assert (TYPED | wrong)["text"] in html
    assert not Suggestion.objects.exists()


def test_a_program_that_fills_everything_gets_thanks_and_nothing_is_kept(box, client):
    assert client.post(box, TYPED | {"website": "http://spam.example"}).status_code == 302
    assert not Suggestion.objects.exists()


def test_the_sixth_in_an_hour_waits_and_keeps_what_was_typed(box, client):
    for _turn in range(5):
        assert client.post(box, TYPED).status_code == 302
    answer = client.post(box, TYPED)
    assert answer.status_code == 429
    assert TYPED["text"] in answer.content.decode()
    assert Suggestion.objects.count() == 5


def test_the_form_has_no_script_of_its_own_and_hides_the_trap_from_people(box, client):
    html = client.get(box).content.decode()
    assert 'name="website"' in html
    assert 'class="bulletin-trap" aria-hidden="true"' in html
    assert "bulletin.js" not in html


def test_the_contact_is_shown_on_demand_and_that_is_journalled(cast, client_for):
    row = services.put_suggestion(place=cast.subdistrict, topic="other", text="多一把椅子", contact="13800000000")
    url, client = reverse("suggestion_detail", args=[row.pk]), client_for(cast.editor)
    html = client.get(url).content.decode()
    assert "多一把椅子" in html
    assert "13800000000" not in html
    assert "13800000000" in client.post(url, {"action": "show_contact"}).content.decode()
    entry = JournalEntry.objects.filter(subject_type="suggestion", action="show_contact").get()
    assert entry.actor == f"user:{cast.editor.pk}"


def test_a_reply_is_noted_and_an_empty_one_refused(cast, client_for):
    row = services.put_suggestion(place=cast.subdistrict, topic="other", text="多一把椅子")
    url, client = reverse("suggestion_detail", args=[row.pk]), client_for(cast.editor)
    assert client.post(url, {"action": "answer", "reply": ""}).status_code == 200
    row.refresh_from_db()
    assert row.state == "received"
    assert client.post(url, {"action": "take", "reply": ""}).status_code == 302
    assert client.post(url, {"action": "answer", "reply": "椅子放好了"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.reply) == ("answered", "椅子放好了")
    with pytest.raises(InvalidTransition):
        services.move_suggestion(row, "take", user=cast.editor)


@pytest.mark.parametrize(("contact", "way"), [
    ("138 0000-0000", "sms"), ("+86 13800000000", "sms"), ("１３８００００００００", "sms"), ("021-56789012", "phone"),
    ("56789012", "phone"), ("wang@example.org", "mail"), ("王阿姨", ""), ("138000", ""), ("", ""),
])  # fmt: skip
def test_a_contact_is_a_number_for_messages_another_number_or_mail(contact, way):
    assert way_of(contact) == way


def answered(contact: str, cast) -> Suggestion:
    row = services.put_suggestion(place=cast.subdistrict, topic="other", text="多一把椅子", contact=contact)
    return services.move_suggestion(row, "answer", user=cast.editor, reply="椅子放好了")


def test_an_answer_sends_one_message_without_a_word_of_either(cast):
    row = answered("138 0000 0000", cast)
    (message,) = OutboxMessage.objects.filter(subject=f"suggestion:{row.pk}")
    told = outbox.opened(message)
    assert (message.channel, told["phone"]) == ("sms", "13800000000")
    assert services.code_of(row) in told["text"]
    assert "/suggestions/reply/" in told["text"]
    assert "椅子" not in told["text"]
    assert "13800000000" not in str(message.body)
    with pytest.raises(InvalidTransition):
        services.move_suggestion(row, "answer", user=cast.editor, reply="再答一次")
    assert OutboxMessage.objects.filter(subject=f"suggestion:{row.pk}").count() == 1


def test_a_mail_address_gets_a_mail_and_a_landline_nothing(cast):
    mailed = OutboxMessage.objects.get(subject=f"suggestion:{answered('wang@example.org', cast).pk}")
    assert (mailed.channel, outbox.opened(mailed)["to"]) == ("mail", "wang@example.org")
    for contact in ("021-56789012", ""):
        row = answered(contact, cast)
        assert not OutboxMessage.objects.filter(subject=f"suggestion:{row.pk}").exists()


def test_the_editor_reads_what_pressing_reply_does(cast, client_for):
    for contact, words in (("13800000000", "发一条短信"), ("021-56789012", "请打电话告诉对方"), ("", "发不了提醒")):
        row = services.put_suggestion(place=cast.subdistrict, topic="other", text="多一把椅子", contact=contact)
        html = client_for(cast.editor).get(reverse("suggestion_detail", args=[row.pk])).content.decode()
        assert words in html
        assert services.code_of(row) in html


def test_the_reply_is_looked_up_by_the_code_from_the_page_after_sending(box, client, cast):
    client.post(box, TYPED)
    row = Suggestion.objects.get()
    code = services.code_of(row)
    assert code in client.get(reverse("suggestion_thanks")).content.decode()
    url = reverse("suggestion_reply")
    waiting = client.post(url, {"code": code}).content.decode()
    assert "还没有答复" in waiting
    assert "椅子" not in waiting
    services.move_suggestion(row, "answer", user=cast.editor, reply="已经放好了")
    found = Client().post(url, {"code": code.replace(" ", "").lower()}).content.decode()
    assert "已经放好了" in found
    assert TYPED["text"] not in found
    assert TYPED["contact"] not in found


def test_an_unknown_code_gets_a_sentence_and_guessing_ends(box, client):
    url = reverse("suggestion_reply")
    html = client.post(url, {"code": "AAAA BBBB CCCC"}).content.decode()
    assert "没有这个编号的意见" in html
    assert "AAAA BBBB CCCC" in html
    assert "请先填十二位编号" in client.post(url, {"code": ""}).content.decode()
    statuses = [client.post(url, {"code": f"AAAA BBBB {number:04}"}).status_code for number in range(40)]
    assert statuses[-1] == 429


def test_the_table_has_no_code_in_plain_text(cast):
    row = services.put_suggestion(place=cast.subdistrict, topic="other", text="多一把椅子")
    code = services.code_of(row).replace(" ", "")
    assert len(code) == 12
    assert code not in row.code_hash
    assert code.encode() not in bytes(row.sealed)


def test_the_other_office_sees_neither_list_nor_suggestion(cast, offices, client_for):
    row = services.put_suggestion(place=cast.subdistrict, topic="other", text="大宁的意见")
    own, other = client_for(offices["own"].editor), client_for(offices["other"].editor)
    url = reverse("suggestion_detail", args=[row.pk])
    assert own.get(url).status_code == 200
    assert other.get(url).status_code in (302, 403)
    assert other.post(url, {"action": "close", "reply": ""}).status_code in (302, 403)
    assert str(row.pk) in own.get(reverse("suggestion_list")).content.decode()
    assert str(row.pk) not in other.get(reverse("suggestion_list")).content.decode()


def test_suggestions_are_erased_after_their_time(cast):
    row = services.put_suggestion(place=cast.district, topic="other", text="旧的")
    Suggestion.objects.filter(pk=row.pk).update(received_at=timezone.now() - timedelta(days=800))
    services.put_suggestion(place=cast.district, topic="other", text="新的")
    assert services.forget_suggestions(timezone.now() - timedelta(days=730)) == 1


# --- policy questions ---------------------------------------------------------------------------------------------


def test_staff_ask_and_see_how_far_it_is(cast, site, client_for):
    client, url = client_for(cast.helper), reverse("ask_question")
    assert client.post(url, {"question": "户口在外区能办吗？", "line": ""}).status_code == 302
    question = PolicyQuestion.objects.get()
    assert (question.place, question.asked_by) == (cast.point, cast.helper)
    assert "户口在外区能办吗？" in client.get(url).content.decode()
    assert "户口在外区能办吗？" not in client_for(cast.other_helper).get(url).content.decode()


def test_an_empty_question_is_refused_in_place(cast, site, client_for):
    answer = client_for(cast.helper).post(reverse("ask_question"), {"question": "", "line": ""})
    assert "field--error" in answer.content.decode()
    assert not PolicyQuestion.objects.exists()


def test_an_answer_is_public_without_the_askers_name(cast, site, client, client_for):
    question = services.ask(user=cast.helper, question="能用电子身份证吗？")
    assert "能用电子身份证吗？" not in client.get(reverse("policy_questions")).content.decode()
    url = reverse("wagtailsnippets_bulletin_policyquestion:edit", args=[question.pk])
    data = {"question": question.question, "answer": "取号可以。", "source": "演示", "is_public": "on", "line": ""}
    assert client_for(cast.editor).post(url, data).status_code == 302
    question.refresh_from_db()
    assert (question.answered_by, question.is_public) == (cast.editor, True)
    html = client.get(reverse("policy_questions")).content.decode()
    assert "取号可以。" in html
    assert cast.helper.display_name not in html


def test_no_answer_no_publishing(cast, site, client_for):
    question = services.ask(user=cast.helper, question="能用电子身份证吗？")
    url = reverse("wagtailsnippets_bulletin_policyquestion:edit", args=[question.pk])
    client_for(cast.editor).post(url, {"question": "能用吗", "answer": "", "source": "", "is_public": "on", "line": ""})
    question.refresh_from_db()
    assert not question.is_public
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyQuestion.objects.filter(pk=question.pk).update(is_public=True, answer="")


def test_words_narrow_the_list(cast, site, client):
    for question, answer in (("电子身份证", "可以"), ("委托书", "要写")):
        PolicyQuestion.objects.create(
            place=cast.point, question=question, answer=answer, is_public=True, answered_at=timezone.now()
        )
    html = client.get(reverse("policy_questions") + "?q=委托").content.decode()
    assert "要写" in html
    assert "可以</p>" not in html
    assert "没有找到" in client.get(reverse("policy_questions") + "?q=不存在的词").content.decode()

"""What a notice tells, as plain data in both languages, and the one way in which these data become bytes."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from content.items.models import EditionMaterial, EditionStop, ItemEdition
from content.items.rules import Answer, as_data, plain_answer, reasons
from content.items.rules_edition import Rules
from content.items.rules_flow import Step, materials_needed
from content.items.rules_words import QuestionWords, answer_as_situation, answer_in_words, because
from content.items.services import window_text
from content.items.wording import clauses, public_text

FORMAT = 1
PRINTED_HERE = "现场打印"
NOT_NEEDED = ("免于提供", "免于提交")
BRING, FETCHED, PRINTED, ASK = "bring", "fetched", "printed", "ask"
GO, STOP = "go", "stop"
type Data = dict[str, Any]


def as_bytes(content: Data) -> bytes:
    """The canonical bytes: UTF-8 JSON, keys in order, no spaces."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def digest(content: bytes) -> str:
    """SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def both(say: Callable[[], str]) -> dict[str, str]:
    """A sentence in Chinese and in English."""
    found = {}
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with translation.override(language):
            found[key] = say()
    return found


def build(edition: ItemEdition, rules: Rules, now: Step, *, issued_at: datetime, as_of: date) -> Data:
    """The notice for somebody who has come to the end of the questions.

    Raises:
        ValueError: there is still a question to answer.
    """
    if now.question is not None:
        raise ValueError(now.question)
    uses = list(edition.materials.select_related("material").prefetch_related("material__sources"))
    stops = list(edition.stops.all())
    flow = rules.flow
    stop = stops[now.stop] if now.stop is not None else None
    needed = [] if stop else materials_needed(flow, now.answers, today=as_of)
    return {
        "format": FORMAT,
        "issued_at": issued_at.isoformat(timespec="seconds"),
        "as_of": as_of.isoformat(),
        "item": {"key": edition.item.key, "name": {"zh": edition.name, "en": edition.name_en}},
        "edition": {"id": edition.pk, "valid_from": edition.valid_from.isoformat()},
        "answers": [_answer(rules.words[key], answer) for key, answer in now.given.items()],
        "rules": {
            "questions": [{"question": question.key, "rule": as_data(rule)} for question, rule in flow.questions],
            "materials": [as_data(rule) for rule in flow.materials],
            "stops": [as_data(rule) for rule in flow.stops],
        },
        "outcome": STOP if stop else GO,
        "stop": _stop(stop) if stop else None,
        "materials": [_material(uses[number], rules, now, number, as_of) for number in needed if number < len(uses)],
        "facts": [] if stop else _facts(edition),
        "steps": both(lambda: "\n".join(public_text(step) or step for step in edition.steps)),
        "channels": {"remote": edition.is_remote, "onsite": edition.is_onsite, "online": edition.online_at},
        "cannot_come": both(lambda: _cannot_come(edition)),
    }


def _answer(words: QuestionWords, answer: Answer) -> Data:
    return {
        "question": words.question.key,
        "value": plain_answer(answer),
        "text": words.text.as_data(),
        "said": both(lambda: answer_in_words(words, answer)),
        "situation": both(lambda: answer_as_situation(words, answer)),
    }


def _stop(stop: EditionStop) -> Data:
    return {
        "sentence": {"zh": stop.sentence, "en": stop.sentence_en},
        "next_step": {"zh": stop.next_step, "en": stop.next_step_en},
    }


def how_it_comes(use: EditionMaterial) -> str:
    """Whether the resident brings it, the office fetches it, it is printed on the spot, or nobody wrote down when."""
    if use.kind == EditionMaterial.Kind.FETCHED or use.form.startswith(NOT_NEEDED):
        return FETCHED
    if use.kind == EditionMaterial.Kind.PRINTED or PRINTED_HERE in use.form:
        return PRINTED
    if not use.is_required and not use.rule and not use.group:
        return ASK
    return BRING


def _material(use: EditionMaterial, rules: Rules, now: Step, number: int, as_of: date) -> Data:
    material = use.material
    keys = reasons(rules.flow.materials[number], now.answers, today=as_of)
    form = "" if use.form == "未注明" else use.form
    return {
        "key": material.key,
        "name": {"zh": material.name, "en": material.name_en},
        "explanation": {"zh": public_text(material.explanation), "en": material.explanation_en},
        "where_from": {"zh": public_text(material.where_from), "en": material.where_from_en},
        "sources": [
            {"name": row.name, "address": row.address, "phone": row.phone, "hours": row.hours, "note": row.note}
            for row in material.sources.all()
        ],
        "form": {"zh": form, "en": FORMS_IN_ENGLISH.get(form, "")},
        "kind": both(lambda: str(use.get_kind_display()) if use.kind else ""),
        "fate": both(lambda: str(use.get_fate_display()) if use.fate else ""),
        "validity": material.validity,
        "count": use.count,
        "group": use.group,
        "comes": how_it_comes(use),
        "because": both(lambda: _(", and ").join(because(keys, rules.words, now.given))),
    }


FORMS_IN_ENGLISH = {
    "原件": "original",
    "复印件": "copy",
    "原件和复印件": "original and copy",
    "原件或复印件": "original or copy",
    "原件及签名复印件": "original and signed copy",
    "原件或电子亮证": "original or electronic",
}


def _facts(edition: ItemEdition) -> list[Data]:
    """How long, what it costs, on which days, where; a fact that nobody wrote down stays empty, and the page says so."""
    limit = both(lambda: public_text(edition.said("limit_text")))
    return [
        {"fact": "limit", "text": limit},
        {"fact": "fee", "text": both(lambda: _fee(edition))},
        {"fact": "window", "text": both(lambda: window_text(edition) or _("On every day on which it is open."))},
        {"fact": "scope", "text": both(lambda: _scope(edition))},
        {"fact": "proxy", "text": both(lambda: _proxy(edition))},
    ]


def _fee(edition: ItemEdition) -> str:
    if edition.fee_kind == ItemEdition.FeeKind.FREE:
        return _("Free")
    return public_text(edition.said("fee_text"))


def _scope(edition: ItemEdition) -> str:
    return "" if edition.scope == ItemEdition.Scope.UNKNOWN else str(edition.get_scope_display())


def _proxy(edition: ItemEdition) -> str:
    if edition.proxy_rule == ItemEdition.Proxy.UNKNOWN:
        return ""
    if edition.proxy_rule == ItemEdition.Proxy.CONDITIONAL:
        return edition.proxy_text
    return str(edition.get_proxy_rule_display())


def _cannot_come(edition: ItemEdition) -> str:
    """What to do for somebody who cannot come, or where it cannot be done."""
    refusal = next((line for line in clauses(edition.conditions) if "不接受委托" in line), "")
    step = edition.proxy_next_step if translation.get_language() != "en" or not edition.proxy_next_step else ""
    if edition.proxy_rule == ItemEdition.Proxy.NONE and step:
        return f"{refusal}。{step}" if refusal else step
    return _(
        "If nobody can come, call the window first, or 12345: they say whether somebody can come to you, and when."
    )


def answers_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a notice as plain data, by question."""
    return {row["question"]: row["value"] for row in content["answers"]}

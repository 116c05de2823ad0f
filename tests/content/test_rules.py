"""Conditions over typed answers: read, refused by path, evaluated with what is not known, one form for each meaning."""

from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from content.items.rules import (
    NOT_ASKED,
    AllOf,
    AnyOf,
    Leaf,
    Not,
    NotACondition,
    Question,
    as_data,
    as_text,
    canonical,
    evaluate,
    keys_in,
    parse,
    questions_of,
    read_answer,
    reasons,
    resolve_day,
)
from content.items.rules_words import QuestionWords, Said, say

TODAY = date(2026, 11, 26)
QUESTIONS = {
    "proxy": Question("proxy"),
    "who": Question("who", "choice", ("self", "family", "nobody")),
    "age": Question("age", "number", least=0, most=120),
    "born": Question("born", "date"),
}
DAYS = st.dates(date(1950, 1, 1), date(2050, 12, 31))
LEAVES = st.one_of(
    st.booleans().map(lambda value: {"question": "proxy", "is": value}),
    st.sampled_from(["self", "family", "nobody"]).map(lambda value: {"question": "who", "is": value}),
    st.lists(st.sampled_from(["self", "family", "nobody"]), min_size=1, unique=True).map(
        lambda value: {"question": "who", "in": value}
    ),
    st.tuples(st.sampled_from(["is", "at_least", "at_most"]), st.integers(0, 120)).map(
        lambda pair: {"question": "age", pair[0]: pair[1]}
    ),
    st.tuples(st.sampled_from(["is", "before", "on_or_after"]), DAYS).map(
        lambda pair: {"question": "born", pair[0]: pair[1].isoformat()}
    ),
    st.integers(0, 30_000).map(lambda count: {"question": "born", "before": f"today-{count}d"}),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)
ANSWERS = st.fixed_dictionaries(
    {
        "proxy": st.booleans() | st.just(NOT_ASKED),
        "who": st.sampled_from(["self", "family", "nobody"]) | st.just(NOT_ASKED),
        "age": st.integers(0, 120) | st.just(NOT_ASKED),
        "born": DAYS | st.just(NOT_ASKED),
    }
)


def depth(data) -> int:
    if "question" in data:
        return 0
    ((_word, inner),) = data.items()
    return 1 + max(depth(part) for part in (inner if isinstance(inner, list) else [inner]))


@given(CONDITIONS.filter(lambda data: depth(data) <= 6), ANSWERS)
def test_the_canonical_form_means_the_same_and_is_final(data, answers):
    condition = parse(data, QUESTIONS)
    tidy = canonical(condition)
    assert evaluate(tidy, answers, today=TODAY) == evaluate(condition, answers, today=TODAY)
    assert canonical(tidy) == tidy
    assert parse(as_data(tidy), QUESTIONS) == tidy


@given(CONDITIONS.filter(lambda data: depth(data) <= 6), ANSWERS)
def test_order_and_doubles_do_not_change_the_canonical_form(data, answers):
    condition = parse(data, QUESTIONS)
    doubled = AllOf((condition, condition))
    assert as_text(canonical(doubled)) == as_text(canonical(condition))
    turned = AnyOf((condition, Leaf("proxy", "is", True)))
    back = AnyOf((Leaf("proxy", "is", True), condition))
    assert canonical(turned) == canonical(back)


@given(CONDITIONS.filter(lambda data: depth(data) <= 6), ANSWERS, st.sets(st.sampled_from(list(QUESTIONS))))
def test_what_is_known_before_all_is_answered_stays_true_after(data, answers, hidden):
    condition = parse(data, QUESTIONS)
    fewer = {key: value for key, value in answers.items() if key not in hidden}
    early, late = evaluate(condition, fewer, today=TODAY), evaluate(condition, answers, today=TODAY)
    assert late is not None
    assert early in (None, late)


@given(CONDITIONS.filter(lambda data: depth(data) <= 6), ANSWERS)
def test_a_negation_is_the_opposite_and_reasons_are_answers_that_were_given(data, answers):
    condition = parse(data, QUESTIONS)
    value = evaluate(condition, answers, today=TODAY)
    assert evaluate(Not(condition), answers, today=TODAY) is (not value)
    found = reasons(condition, answers, today=TODAY)
    assert set(found) <= {key for key in questions_of(condition) if answers[key] is not NOT_ASKED}
    assert not (found and not value)
    assert keys_in(data) == questions_of(condition)


@given(CONDITIONS)
def test_every_condition_can_be_said_in_both_languages(data):
    try:
        condition = parse(data, QUESTIONS)
    except NotACondition:
        return
    words = {
        key: QuestionWords(question, Said(f"{key}问", f"{key} asked"), Said(""), choices={})
        for key, question in QUESTIONS.items()
    }
    with translation.override("zh-hans"):
        chinese = say(condition, words)
    with translation.override("en"):
        english = say(condition, words)
    for key in questions_of(condition):
        assert f"{key}问" in chinese
        assert f"{key} asked" in english


@pytest.mark.parametrize(
    ("data", "path", "code"),
    [
        ({"question": "nobody-asked", "is": True}, "", "missing_question"),
        ({"all": [{"question": "proxy", "is": True}, {"question": "gone", "is": True}]}, "all[1]", "missing_question"),
        ({"question": "proxy", "is": "yes"}, "", "wrong_type"),
        ({"question": "proxy", "at_least": 1}, "", "wrong_type"),
        ({"question": "who", "is": "uncle"}, "", "wrong_type"),
        ({"question": "who", "in": []}, "", "empty"),
        ({"question": "age", "at_least": True}, "", "wrong_type"),
        ({"question": "age", "at_least": 500}, "", "wrong_type"),
        ({"question": "born", "before": "tomorrow"}, "", "wrong_type"),
        ({"question": "born", "before": "today-99999y"}, "", "wrong_type"),
        ({"question": "age", "at_least": 1, "at_most": 2}, "", "not_a_condition"),
        ({"not": {"any": [{"not": {}}]}}, "not.any[0].not", "empty"),
        ({"all": []}, "all", "empty"),
        ({"all": [], "any": []}, "", "not_a_condition"),
        (["proxy"], "", "not_a_condition"),
        ("proxy", "", "not_a_condition"),
        ({"any": [{"question": ["proxy"], "is": True}]}, "any[0]", "missing_question"),
        ({"any": [{"question": "proxy", "is": True}] * 61}, "", "too_long"),
    ],
)
def test_what_is_no_condition_is_refused_by_path(data, path, code):
    with pytest.raises(NotACondition) as refused:
        parse(data, QUESTIONS)
    assert [(fault.path, fault.code) for fault in refused.value.faults] == [(path, code)]


def test_deep_nesting_is_refused():
    data = {"question": "proxy", "is": True}
    for _number in range(40):
        data = {"not": data}
    with pytest.raises(NotACondition) as refused:
        parse(data, QUESTIONS)
    assert refused.value.faults[0].code == "too_deep"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", TODAY),
        ("today-60d", TODAY - timedelta(days=60)),
        ("today-65y", date(1961, 11, 26)),
        ("today+3m", date(2027, 2, 26)),
        ("today-9m", date(2026, 2, 26)),
    ],
)
def test_days_are_counted_from_the_day_of_asking(text, day):
    assert resolve_day(text, TODAY) == day


def test_the_last_day_of_a_short_month_stands_for_one_that_is_not_there():
    assert resolve_day("today-1m", date(2026, 3, 31)) == date(2026, 2, 28)
    assert resolve_day("today-1y", date(2028, 2, 29)) == date(2027, 2, 28)


def test_an_answer_must_fit_its_question():
    assert read_answer(QUESTIONS["born"], "1949-12-31") == date(1949, 12, 31)
    for key, wrong in (("proxy", 1), ("who", "uncle"), ("age", -1), ("age", "7"), ("born", "1800-01-01"), ("born", 5)):
        with pytest.raises(ValueError):
            read_answer(QUESTIONS[key], wrong)


def test_a_condition_over_what_was_not_asked_does_not_hold():
    condition = parse(
        {"all": [{"question": "proxy", "is": True}, {"not": {"question": "who", "is": "self"}}]}, QUESTIONS
    )
    assert evaluate(condition, {"proxy": True}, today=TODAY) is None
    assert evaluate(condition, {"proxy": True, "who": NOT_ASKED}, today=TODAY) is True
    assert evaluate(condition, {"proxy": NOT_ASKED}, today=TODAY) is False

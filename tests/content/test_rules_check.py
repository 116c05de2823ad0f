"""The check of an edition's rules: each fault where it is, every path walked, and what is said when they are too many."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.items.rules import NotAsked, Question, evaluate
from content.items.rules_check import Draft, Part, StopPart, check
from content.items.rules_flow import Walk, domains_of, materials_needed, step

pytestmark = pytest.mark.usefixtures("chinese")
TODAY = date(2026, 11, 26)
PROXY, AGE = Question("proxy"), Question("age", "number", least=0, most=120)
WHO = Question("who", "choice", ("self", "family", "nobody"))
YES = {"question": "proxy", "is": True}
NO = {"question": "proxy", "is": False}
OLD = {"question": "age", "at_least": 60}


def draft(questions, materials=(), stops=(), elsewhere=()) -> Draft:
    return Draft(
        [(question, Part(question.key, rule)) for question, rule in questions],
        [Part(f"m{number}", rule) for number, rule in enumerate(materials)],
        [StopPart(f"s{number}", rule, has_next_step) for number, (rule, has_next_step) in enumerate(stops)],
        {question.key: question for question in elsewhere},
    )


def found(given_draft: Draft, **more):
    return {(fault.code, fault.where) for fault in check(given_draft, today=TODAY, **more).faults}


@pytest.mark.parametrize(
    ("given_draft", "code", "where"),
    [
        (draft([(PROXY, {})], [{"question": "gone", "is": True}]), "missing_question", "materials[0]"),
        (draft([(AGE, {})], [YES], elsewhere=[PROXY]), "missing_question", "materials[0]"),
        (draft([(AGE, {})], [{}, {"all": [OLD, {"question": "age", "is": "60"}]}]), "wrong_type",
         "materials[1].rule.all[1]"),
        (draft([(PROXY, {})], [{"all": [YES, NO]}]), "contradiction", "materials[0]"),
        (draft([(PROXY, {}), (AGE, YES)], [{"all": [NO, OLD]}]), "unreachable", "materials[0]"),
        (draft([(PROXY, {}), (AGE, YES)], [OLD], [(YES, True)]), "unreachable", "questions[1]"),
        (draft([(PROXY, {})], [YES], [(YES, True)]), "unreachable", "materials[0]"),
        (draft([(PROXY, {})], [NO], [(YES, True), ({"all": [YES, {"not": NO}]}, True)]), "unreachable", "stops[1]"),
        (draft([(PROXY, {"question": "age", "at_least": 1}), (AGE, YES)], []), "cycle", "questions[0]"),
        (draft([(PROXY, YES)], []), "cycle", "questions[0]"),
        (draft([(AGE, YES), (PROXY, {})], [OLD]), "asked_later", "questions[0]"),
        (draft([(PROXY, {})], [NO], [(YES, False)]), "dead_end", "stops[0]"),
        (draft([(PROXY, {})], [NO], [({}, True)]), "empty", "stops[0]"),
        (draft([(Question("one", "choice", ("only",)), {})], []), "dead_end", "questions[0]"),
        (draft([(Question("none", "number", least=5, most=4), {})], []), "dead_end", "questions[0]"),
        (draft([(PROXY, {}), (PROXY, {})], [YES]), "twice", "questions[1]"),
    ],
)  # fmt: skip
def test_each_fault_is_named_where_it_is(given_draft, code, where):
    checked = check(given_draft, today=TODAY)
    assert (code, where) in {(fault.code, fault.where) for fault in checked.errors}
    assert all(fault.sentence for fault in checked.faults)


def test_a_question_that_exists_but_is_not_asked_here_is_said_so():
    (fault,) = check(draft([(AGE, {})], [YES], elsewhere=[PROXY]), today=TODAY).errors
    assert "这里不问" in fault.sentence


def test_sound_rules_have_no_faults_and_all_paths_are_counted():
    checked = check(
        draft([(PROXY, {}), (AGE, YES), (WHO, {})], [{}, YES, OLD, {"question": "who", "is": "self"}]), today=TODAY
    )
    assert checked.faults == []
    # Somebody comes: two ages and three answers; nobody comes: three answers.
    assert (checked.paths, checked.is_complete, checked.longest) == (9, True, 3)


def test_more_than_seven_questions_on_a_path_warn_with_the_path():
    questions = [(Question(f"q{number}"), {}) for number in range(8)]
    checked = check(draft(questions, [{"question": f"q{n}", "is": True} for n in range(8)]), today=TODAY)
    (fault,) = [fault for fault in checked.faults if fault.code == "too_many_questions"]
    assert fault.is_warning
    assert len(fault.example) == 8


def test_a_path_without_any_material_and_a_condition_that_says_nothing_warn():
    codes = {code for code, _where in found(draft([(PROXY, {})], [YES]))}
    assert codes == {"nothing_told"}
    codes = {code for code, _where in found(draft([(PROXY, {})], [{"any": [YES, NO]}]))}
    assert codes == {"always"}


def test_above_the_limit_bounds_and_pairs_are_tried_and_it_says_so():
    questions = [(Question(f"q{number}"), {}) for number in range(20)]
    materials = [{"question": f"q{n}", "is": True} for n in range(20)]
    three = {"all": [{"question": f"q{n}", "is": n % 2 == 0} for n in range(3)]}
    checked = check(draft(questions, [*materials, three]), today=TODAY)
    assert not checked.errors
    assert "not_all_tried" in {fault.code for fault in checked.warnings}
    # What pairs did not meet is looked for along its own questions: not met at all is then certain.
    never = {"all": [{"question": "q0", "is": True}, {"question": "q19", "is": True}]}
    stopped = draft(questions, [*materials, never], [({"question": "q0", "is": True}, True)])
    faults = {(fault.code, fault.where) for fault in check(stopped, today=TODAY).errors}
    assert faults == {("unreachable", "materials[0]"), ("unreachable", "materials[20]")}


def test_what_cannot_be_searched_at_all_warns_instead_of_blocking():
    questions = [(Question(f"q{number}"), {}) for number in range(6)]
    deep = {"all": [{"question": f"q{n}", "is": n % 2 == 0} for n in range(6)]}
    checked = check(draft(questions, [deep]), today=TODAY, most_paths=10)
    assert not checked.errors
    assert "not_met" in {fault.code for fault in checked.warnings}


KEYS = ["a", "b", "c"]
SMALL_LEAVES = st.tuples(st.sampled_from(KEYS), st.booleans()).map(lambda pair: {"question": pair[0], "is": pair[1]})
RULES = st.just({}) | st.recursive(
    SMALL_LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.tuples(RULES, RULES, RULES), st.lists(RULES, max_size=3), st.lists(RULES, max_size=2), st.integers(3, 200))
def test_what_passes_holds_on_every_path_and_a_smaller_limit_never_blocks_more(asked, materials, stops, limit):
    """Whatever the rules: without faults every row is met by some answers, found here by asking them one by one."""
    given_draft = draft(
        [(Question(key), rule) for key, rule in zip(KEYS, asked, strict=True)],
        materials,
        [(rule, True) for rule in stops],
    )
    checked = check(given_draft, today=TODAY)
    few = check(given_draft, today=TODAY, most_paths=limit)
    assert {fault.where for fault in few.errors} <= {fault.where for fault in checked.errors}
    if checked.flow is None or any(fault.code == "contradiction" for fault in checked.errors):
        return
    met = set()
    for number in range(8):
        replies = {key: bool(number >> bit & 1) for bit, key in enumerate(KEYS)}
        given_answers = {}
        while (now := step(checked.flow, given_answers, today=TODAY)).question:
            given_answers[now.question] = replies[now.question]
            assert now.at_most <= 3
        met |= {f"questions[{KEYS.index(key)}]" for key in now.asked}
        if now.stop is not None:
            met.add(f"stops[{now.stop}]")
        else:
            met |= {f"materials[{n}]" for n in materials_needed(checked.flow, now.answers, today=TODAY)}
    everything = {f"questions[{n}]" for n in range(3)}
    everything |= {f"materials[{n}]" for n in range(len(materials))} | {f"stops[{n}]" for n in range(len(stops))}
    assert {fault.where for fault in checked.errors if fault.code == "unreachable"} == everything - met


def test_both_sides_of_every_bound_are_walked():
    flow = check(
        draft([(AGE, {})], [{}, OLD, {"question": "age", "at_most": 15}, {"question": "age", "is": 70}]), today=TODAY
    ).flow
    assert domains_of(flow, today=TODAY)["age"] == [0, 16, 60, 70, 71]
    paths = list(Walk(flow, domains_of(flow, today=TODAY), TODAY, 100))
    for rule in flow.materials:
        assert {evaluate(rule, path.answers, today=TODAY) for path in paths} >= {True}


def test_answers_to_questions_that_are_not_asked_any_more_do_not_count():
    flow = check(draft([(PROXY, {}), (AGE, YES)], [{}, OLD]), today=TODAY).flow
    now = step(flow, {"proxy": False, "age": 80}, today=TODAY)
    assert (now.question, now.given) == (None, {"proxy": False})
    assert isinstance(now.answers["age"], NotAsked)
    assert materials_needed(flow, now.answers, today=TODAY) == [0]

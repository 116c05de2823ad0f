"""A typed number is checked by the standard alone, and nobody is refused for where they were born."""

import pytest
from django.utils import translation

from servicedesk.residents import services as residents
from tests.cast import id_number

STANDARD = "11010519491231002X"
MADE_UP = id_number("999999", "19491231", "002")


@pytest.mark.parametrize(
    "text", [STANDARD, "11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002X"]
)
def test_it_takes_the_standards_number_however_it_is_typed(text):
    check = residents.check_number(text)
    assert (check.is_valid, check.number, check.problem, check.warning) == (True, STANDARD, "", "")


@pytest.mark.parametrize("number", [MADE_UP, "440524188001010014"])
def test_an_unknown_or_abolished_region_is_a_warning_only(number):
    check = residents.check_number(number)
    assert check.is_valid and check.warning and not check.problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "18 signs"),
        (STANDARD[:-1], "1 signs are missing"),
        (STANDARD + "1", "1 signs too many"),
        ("1101051949123100AX", "Only digits"),
        ("110105194913310021", "birth date"),
        ("11010529991231002X", "birth date"),
        ("110105194912310021", "One sign is not right"),
    ],
)
def test_a_wrong_number_gets_a_sentence(text, words):
    with translation.override("en"):
        check = residents.check_number(text)
    assert not check.is_valid
    assert words in check.problem


def test_every_single_wrong_digit_and_every_swap_of_neighbours_is_found():
    for place in range(17):
        for digit in "0123456789":
            if digit != STANDARD[place]:
                assert not residents.check_number(STANDARD[:place] + digit + STANDARD[place + 1 :]).is_valid
    for place in range(16):
        a, b = STANDARD[place], STANDARD[place + 1]
        if a != b:
            assert not residents.check_number(STANDARD[:place] + b + a + STANDARD[place + 2 :]).is_valid

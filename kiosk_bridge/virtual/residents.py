"""Made-up residents whose cards the virtual reader holds.

The region code 999999 was never assigned. The last one carries an abolished code (310102, given up in 2000) with a
birth date after that, so no such number was ever issued either.
"""

from typing import Final

from kiosk_bridge.samv import CardText

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS: Final = "10X98765432"


def check_character(digits: str) -> str:
    """Return the 18th character for 17 digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def _number(region: str, birth_date: str, sequence: str) -> str:
    digits = region + birth_date.replace("-", "") + sequence
    return digits + check_character(digits)


DEMO_RESIDENTS: Final[tuple[CardText, ...]] = (
    CardText(
        kind="resident_id",
        name="周秀英",
        sex="female",
        nation="01",
        birth_date="1949-12-31",
        address="上海市静安区示例路18弄3号201室",
        number=_number("999999", "1949-12-31", "002"),
        issuer="上海市公安局静安分局（演示）",
        valid_from="2010-06-01",
        valid_to="long",
    ),
    CardText(
        kind="resident_id",
        name="陈建国",
        sex="male",
        nation="01",
        birth_date="1968-05-20",
        address="上海市静安区示例路26弄7号402室",
        number=_number("999999", "1968-05-20", "013"),
        issuer="上海市公安局静安分局（演示）",
        valid_from="2019-03-11",
        valid_to="2039-03-11",
    ),
    CardText(
        kind="resident_id",
        name="林晓雯",
        sex="female",
        nation="11",
        birth_date="1994-03-08",
        address="上海市静安区样板街5号1203室",
        number=_number("999999", "1994-03-08", "026"),
        issuer="上海市公安局静安分局（演示）",
        valid_from="2020-09-15",
        valid_to="2040-09-15",
    ),
    CardText(
        kind="resident_id",
        name="吴明德",
        sex="male",
        nation="01",
        birth_date="2002-02-03",
        address="上海市静安区样板街9号601室",
        number=_number("310102", "2002-02-03", "991"),
        issuer="上海市公安局静安分局（演示）",
        valid_from="2018-07-02",
        valid_to="2028-07-02",
    ),
)

"""What the plain words of a handbook say in structure: kinds of papers, laws, fees, who may come instead."""

import re
from decimal import Decimal
from typing import Any

from content.items.models import EditionMaterial, ItemEdition

Kind, Fate = EditionMaterial.Kind, EditionMaterial.Fate
# First match decides.
FORMS: list[tuple[re.Pattern[str], str, str]] = [
    (re.compile(r"现场打印"), Kind.PRINTED, Fate.KEPT),
    (re.compile(r"^免于"), Kind.FETCHED, ""),
    (re.compile(r"^复印件.*(验|核)"), Kind.CHECKED, Fate.UNKNOWN),
    (re.compile(r"^原件（(核对|验|核)"), Kind.SEEN, Fate.RETURNED),
    (re.compile(r"^(核验|查验)原件"), Kind.SEEN, Fate.RETURNED),
    (re.compile(r"^原件(和|及|、).*复印件"), Kind.BOTH, ""),
    (re.compile(r"^原件或复印件"), Kind.EITHER, ""),
    (re.compile(r"^原件"), Kind.ORIGINAL, ""),
    (re.compile(r"^复印件"), Kind.COPY, ""),
    (re.compile(r"^电子"), Kind.ELECTRONIC, ""),
]
LAW = re.compile(r"^(?P<title>《[^》]+》)(?:（(?P<number>[^（）]+)）)?$")
NUMBER = re.compile(
    r"^(?P<number>[^（）《》]*〔\d{4}〕[^（）《》]*号|[^（）《》]{1,12}令\d+号)(?:（(?P<title>[^（）]+)）)?$"
)
FEE = re.compile(r"^(?P<what>[^\d]*?)(?P<amount>\d+(?:\.\d{1,2})?)元(?:/(?P<unit>.{1,20}))?$")
PROXY = re.compile(r"^(?:仅|限)?(?P<whom>.+?)的?(?P<who>近亲属|监护人)$")
WHO: dict[str, str] = {"近亲属": ItemEdition.Proxy.RELATIVE, "监护人": ItemEdition.Proxy.GUARDIAN}


def kind_of_form(form: str) -> tuple[str, str]:
    """How a paper is shown and what becomes of it, by words such as 原件（现场打印签字）; empty where they do not say."""
    for pattern, kind, fate in FORMS:
        if pattern.search(form):
            return str(kind), str(fate)
    return "", ""


def parse_bases(text: str) -> list[dict[str, Any]]:
    """Laws and rules of a text such as 《上海市档案条例》；沪档〔2012〕94号（…）; nothing of it is lost."""
    found = []
    for part in filter(None, (part.strip() for part in re.split(r"[；;\n]", text))):
        match = LAW.match(part) or NUMBER.match(part)
        basis = {"title": "", "number": "", "article": "", "link": "", "valid_until": None}
        if match is None or len(match["number"] or "") > 120:
            basis["title"] = part[:300]
        else:
            basis |= {"title": match["title"] or "", "number": match["number"] or ""}
        found.append(basis)
    return found


def parse_fees(text: str) -> list[dict[str, Any]]:
    """The amount of a plain fee such as 工本费20元; empty where the text says more than that."""
    match = FEE.match(text.strip())
    if not match:
        return []
    unit = match["unit"] or ""
    return [{"what": match["what"] or "办理费用", "what_en": "", "amount": Decimal(match["amount"]), "unit": unit}]


def parse_proxies(text: str) -> list[dict[str, Any]]:
    """Who may come instead and for whom, of a text such as 仅…的近亲属或…的监护人; empty where it is not so plain."""
    found = []
    for part in re.split(r"或者?(?=[^或]*(?:近亲属|监护人))", text.strip().rstrip("。")):
        match = PROXY.match(part.strip())
        if not match:
            return []
        found.append({"who": WHO[match["who"]], "when_text": match["whom"].rstrip("的者")[:200]})
    return found

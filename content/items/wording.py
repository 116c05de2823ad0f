"""Reading the texts of a handbook: keys from pinyin, windows, chains of limits, and what of it the public is told."""

import re

from pypinyin import Style, lazy_pinyin

from content.items.models.words import lines_of

WINDOW = re.compile(r"每月\s*(\d{1,2})\s*日?\s*[至到—–-]\s*(\d{1,2})\s*日\s*(（法定节假日除外）)?$")
STAGE = re.compile(
    r"^(?P<office>[^\d]*?)(?P<days>\d{1,3})个工作日(?P<what>审查|审核|送达)?(?:[（(][^）)]*?延\D*?(?P<more>\d{1,3})个?[^）)]*[）)])?$"
)
SOURCE_MARK = re.compile(r"（S\d[^（）]*）|，S\d(?=）)|【[^】]*】|(?<=[。；])\s*S\d[^；。]*")
EDITORS_ONLY = re.compile(
    r"S\d|种子|来源|归并写法|未见法定|未注明|实例|存疑|general knowledge|另写|代码|编码|制册原因|数据流|丧亲场景"
    r"|口径|勿用"
)


def make_key(name: str, taken: set[str], *, longest: int = 60) -> str:
    """An ASCII key from the name's pinyin, such as `hun-yin-deng-ji-dang-an-cha-xun`; a number makes it unique."""
    syllables = lazy_pinyin(
        name,
        style=Style.NORMAL,
        # A list is taken too, and each of its words becomes a syllable of its own.
        errors=lambda rest: re.sub(r"[^A-Za-z0-9]+", " ", rest).split(),  # type: ignore[arg-type,return-value]
    )
    words = [re.sub(r"[^a-z0-9]", "", syllable.lower().replace("ü", "v")) for syllable in syllables]
    key = ""
    for word in filter(None, words):
        if len(key) + len(word) + 1 > longest:
            break
        key = f"{key}-{word}" if key else word
    key = key or "item"
    unique, number = key, 2
    while unique in taken:
        unique, number = f"{key}-{number}", number + 1
    taken.add(unique)
    return unique


def parse_window(text: str) -> tuple[int | None, int | None, bool]:
    """First day, last day, whether holidays are excepted, of a text such as 每月5日至26日（法定节假日除外）.

    Raises:
        ValueError: it is not of that form.
    """
    if not text:
        return None, None, False
    if text == "法定节假日除外":
        return None, None, True
    match = WINDOW.match(text)
    if not match:
        raise ValueError(text)
    first, last = int(match[1]), int(match[2])
    if not (1 <= first <= 31 and 1 <= last <= 31):
        raise ValueError(text)
    return first, last, bool(match[3])


def format_window(first: int | None, last: int | None, skips_holidays: bool) -> str:
    """The text that `parse_window` reads."""
    if first is None:
        return "法定节假日除外" if skips_holidays else ""
    return f"每月{first}日至{last}日" + ("（法定节假日除外）" if skips_holidays else "")


def parse_stages(limit: str) -> list[tuple[str, int, int | None]]:
    """Office, working days and possible extension of every link of a chain; empty when it is not a plain chain."""
    stages = []
    for part in re.split(r"[；;]", limit):
        match = STAGE.match(part.strip())
        if not match:
            return []
        office = (match["office"] or "").strip("，：: ") + (match["what"] or "")
        stages.append((office[:60], int(match["days"]), int(match["more"]) if match["more"] else None))
    return stages


def join_steps(procedure: str) -> str:
    """The inverse of `split_steps`."""
    return " → ".join(lines_of(procedure))


def public_text(text: str) -> str:
    """The text without the collector's marks and remarks, which are for editors; a text without any stays as it is."""
    if not EDITORS_ONLY.search(text):
        return text
    text = SOURCE_MARK.sub("", text)
    kept = []
    for sentence in re.findall(r"[^；。]+[；。]?", text):
        body, end = (sentence[:-1], sentence[-1]) if sentence[-1] in "；。" else (sentence, "")
        body = "，".join(clause for clause in body.split("，") if not EDITORS_ONLY.search(clause)).strip()
        if body:
            kept.append(body + end)
    return "".join(kept).rstrip("；")


def clauses(text: str) -> list[str]:
    """A long condition as separate lines, one a thought."""
    return [part.strip() for part in re.split(r"[；;\n]", public_text(text)) if part.strip()]

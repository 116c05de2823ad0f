"""Words of a text for the index: bigrams, single characters, pinyin and initials; for documents and queries alike."""

import re
from functools import lru_cache
from itertools import product

import zhconv
from pypinyin import Style, pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

HAN = re.compile(r"[㐀-鿿]+")
LATIN = re.compile(r"[a-z0-9]+")
FILLERS = re.compile(r"[的了吗呢吧啊呀请我你您他她它想要怎么怎样如何哪里哪儿在去到可以需要什么个给帮一下和与及是]")
MAX_READINGS = 2


def plain(text: str) -> str:
    """Simplified characters, small letters."""
    return zhconv.convert(text, "zh-cn").lower()


def bigrams(text: str) -> list[str]:
    """Pairs of neighbouring Chinese characters, and Latin words whole."""
    words = LATIN.findall(text)
    for run in HAN.findall(text):
        words += [run[n : n + 2] for n in range(len(run) - 1)]
    return words


def singles(text: str) -> list[str]:
    """Every Chinese character."""
    return [char for run in HAN.findall(text) for char in run]


def merge_sounds(syllable: str) -> str:
    """A syllable without the differences that many people do not hear: zh/z, ch/c, sh/s, ng/n."""
    if syllable[:2] in ("zh", "ch", "sh"):
        syllable = syllable[0] + syllable[2:]
    return syllable[:-1] if syllable.endswith("ng") else syllable


@lru_cache(maxsize=8192)
def _readings(char: str) -> tuple[str, ...]:
    found = pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore")
    return tuple(dict.fromkeys(merge_sounds(reading) for reading in (found[0] if found else [])))[:MAX_READINGS]


def sounds(text: str) -> list[str]:
    """Pairs of neighbouring syllables in every common reading (长护 is chang-hu as well as zhang-hu)."""
    words = []
    for run in HAN.findall(text):
        readings = [_readings(char) for char in run]
        for first, second in zip(readings, readings[1:], strict=False):
            words += [f"{a}-{b}" for a, b in product(first, second)]
    return words


def initials(text: str) -> list[str]:
    """Pairs of neighbouring initials, for people who type only the first letter of each syllable."""
    words = []
    for run in HAN.findall(text):
        letters = [tuple(dict.fromkeys(reading[0] for reading in _readings(char))) for char in run]
        for first, second in zip(letters, letters[1:], strict=False):
            words += [a + b for a, b in product(first, second)]
    return words


@lru_cache(maxsize=1)
def syllables() -> frozenset[str]:
    """All syllables of Mandarin without tones, as pypinyin knows them."""
    toned = {reading for readings in PINYIN_DICT.values() for reading in readings.split(",")}
    return frozenset({to_normal(reading) for reading in toned} - {"n", "ng", "m", "hm", "hng", "r"})


@lru_cache(maxsize=2048)
def split_syllables(letters: str) -> tuple[str, ...]:
    """Letters typed without spaces as syllables, longest first, with a step back where that fails; empty if none."""
    if not letters:
        return ()
    for length in range(min(6, len(letters)), 0, -1):
        if letters[:length] not in syllables():
            continue
        if length == len(letters):
            return (letters,)
        rest = split_syllables(letters[length:])
        if rest:
            return (letters[:length], *rest)
    return ()


def typed_sounds(query: str) -> list[str]:
    """Pairs of syllables in what was typed as Latin letters, with or without spaces."""
    found: list[str] = []
    for word in re.findall(r"[a-z]+", query):
        found += split_syllables(word)
    merged = [merge_sounds(syllable) for syllable in found]
    return [f"{a}-{b}" for a, b in zip(merged, merged[1:], strict=False)]


def has_initials(text: str, letters: str) -> bool:
    """Whether the letters are the initials of neighbouring characters somewhere in the text, in any common reading."""
    for run in HAN.findall(text):
        firsts = ["".join(reading[0] for reading in _readings(char)) for char in run]
        for start in range(len(firsts) - len(letters) + 1):
            if all(letter in firsts[start + n] for n, letter in enumerate(letters)):
                return True
    return False


def typed_initials(query: str) -> list[str]:
    """Pairs of letters of a short word that may be initials."""
    letters = "".join(re.findall(r"[a-z]", query))
    if not 2 <= len(letters) <= 8 or HAN.search(query):
        return []
    return [letters[n : n + 2] for n in range(len(letters) - 1)]


def without_fillers(query: str) -> str:
    """The query without words that say nothing of the matter; the query itself when nothing else is left."""
    kept = FILLERS.sub(" ", query)
    return kept if HAN.search(kept) or LATIN.search(kept) else query

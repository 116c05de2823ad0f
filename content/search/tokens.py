"""Words of a text for the index: pairs, characters, syllables and initials, for documents and queries alike."""

import re
from functools import lru_cache
from itertools import product

import zhconv
from pypinyin import Style, pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

HAN = re.compile(r"[㐀-鿿]+")
LATIN = re.compile(r"[a-z0-9]+")
RUNS = re.compile(r"[㐀-鿿]+|[a-z]+")
# What people say around the matter in a sentence; the longest first, so that 怎么办 goes as a whole.
FILLERS = re.compile(
    r"请问|你好|您好|怎么办理|怎么办|怎么弄|怎么搞|怎么样|怎么|怎样|如何|能不能|可不可以|可以|是不是|有没有|要不要|需不需要|需要"
    r"|哪里|哪儿|哪个|在哪|什么地方|什么时候|什么|多少|听说|应该|我想要|我想|想要|我要|帮我|帮忙|一下|一个|一张|一本|我们|你们"
    r"|他们|她们|自己的|我的|他的|她的|已经|现在|因为|所以|但是|如果|然后|[的了吗呢吧啊呀嘛我你您他她它想要给帮和与及是在就也都又很]"
)
# fmt: off
ENGLISH_FILLERS = frozenset((
    "a", "an", "the", "of", "for", "to", "in", "on", "at", "my", "your", "i", "how", "do", "does", "can", "get", "want",
    "need", "with", "and", "or", "is", "are", "about", "where", "what", "me",
))
# fmt: on
MAX_READINGS = 2
INITIALS = frozenset("bpmfdtnlgkhjqxrzcsywaoe") | {"zh", "ch", "sh"}
# What a unit of typed letters costs: a whole syllable, a beginning of one at the end, an initial alone.
WHOLE, BEGUN, INITIAL = 1.0, 1.3, 1.7
MAX_LETTERS = 40
MAX_GAPS, LEAST_SHARE_WITH_GAPS = 3, 0.4
FIRST_SOUND_CODE = 0xE000


def plain(text: str) -> str:
    """Simplified characters, small letters."""
    return zhconv.convert(text, "zh-cn").lower()


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """An English word without its commonest endings."""
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def latin_words(text: str) -> list[str]:
    """English words and numbers, without what says nothing and without endings."""
    return [stem(word) for word in LATIN.findall(text) if word not in ENGLISH_FILLERS]


def bigrams(text: str) -> list[str]:
    """Pairs of neighbouring Chinese characters, and Latin words whole."""
    words = latin_words(text)
    for run in HAN.findall(text):
        words += [run[n : n + 2] for n in range(len(run) - 1)]
    return words


def skips(text: str) -> list[str]:
    """Pairs of Chinese characters with one between them, both ways of a character too few and one too many."""
    return [f"{run[n]}_{run[n + 2]}" for run in HAN.findall(text) for n in range(len(run) - 2)]


def as_skips(text: str) -> list[str]:
    """Neighbouring pairs as if a character between them had been left out."""
    return [f"{run[n]}_{run[n + 1]}" for run in HAN.findall(text) for n in range(len(run) - 1)]


def singles(text: str) -> list[str]:
    """Every Chinese character."""
    return [char for run in HAN.findall(text) for char in run]


def merge_sounds(syllable: str) -> str:
    """A syllable without the differences that many people do not hear: zh/z, ch/c, sh/s, ng/n."""
    if syllable[:2] in ("zh", "ch", "sh"):
        syllable = syllable[0] + syllable[2:]
    return syllable[:-1] if syllable.endswith("ng") else syllable


@lru_cache(maxsize=8192)
def readings(char: str) -> tuple[str, ...]:
    """The common readings of a character, merged."""
    found = pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore")
    return tuple(dict.fromkeys(merge_sounds(reading) for reading in (found[0] if found else [])))[:MAX_READINGS]


@lru_cache(maxsize=65536)
def readings_of(run: str) -> tuple[tuple[str, ...], ...]:
    """The readings of every character of a run."""
    return tuple(readings(char) for char in run)


def sounds(text: str) -> list[str]:
    """Pairs of neighbouring syllables in every common reading (长护 is chang-hu as well as zhang-hu)."""
    words = []
    for run in HAN.findall(text):
        read = readings_of(run)
        for first, second in zip(read, read[1:], strict=False):
            words += [f"{a}-{b}" for a, b in product(first, second)]
    return words


def initials(text: str) -> list[str]:
    """Twos and threes of neighbouring initials, for people who type only the first letter of each syllable."""
    words = []
    for run in HAN.findall(text):
        letters = [tuple(dict.fromkeys(reading[0] for reading in read)) or ("",) for read in readings_of(run)]
        for length in (2, 3):
            for start in range(len(letters) - length + 1):
                words += ["".join(chosen) for chosen in product(*letters[start : start + length])]
    return words


@lru_cache(maxsize=1)
def syllables() -> frozenset[str]:
    """All syllables of Mandarin without tones, as pypinyin knows them."""
    toned = {reading for spelled in PINYIN_DICT.values() for reading in spelled.split(",")}
    known = {to_normal(reading).replace("ü", "v") for reading in toned}
    return frozenset(known - {"n", "ng", "m", "hm", "hng", "r", "fiao", "cei", "eng", "ei"})


@lru_cache(maxsize=1)
def beginnings() -> frozenset[str]:
    """All beginnings of syllables."""
    return frozenset(syllable[:length] for syllable in syllables() for length in range(1, len(syllable)))


@lru_cache(maxsize=4096)
def units(letters: str) -> tuple[tuple[str, bool], ...]:
    """Letters typed without spaces as the likeliest syllables and initials; empty when they are no pinyin.

    Each unit is its letters and whether it is a whole syllable: `jlk` is three initials, `jinglaok` two syllables and a
    beginning, `shebk` one syllable and two initials.
    """
    if not letters or len(letters) > MAX_LETTERS or not letters.isalpha() or not letters.isascii():
        return ()
    best: list[tuple[float, tuple[tuple[str, bool], ...]]] = [(0.0, ())]
    for end in range(1, len(letters) + 1):
        ways = []
        for start in range(max(0, end - 6), end):
            cost, before = best[start]
            unit = letters[start:end]
            if unit in syllables():
                ways.append((cost + WHOLE, (*before, (unit, True))))
            elif end == len(letters) and len(unit) > 1 and unit in beginnings():
                ways.append((cost + BEGUN, (*before, (unit, False))))
            elif unit in INITIALS:
                ways.append((cost + INITIAL, (*before, (unit, False))))
        best.append(min(ways, key=lambda way: way[0], default=(1e9, ())))
    return best[-1][1] if best[-1][0] < 1e9 else ()


def typed_units(query: str) -> list[tuple[str, bool]]:
    """What was typed as Latin letters, as units; empty when any word is no pinyin."""
    found: list[tuple[str, bool]] = []
    for word in re.findall(r"[a-z]+", query):
        read = units(word)
        if not read:
            return []
        found += read
    return found


def ways_of(typed: list[tuple[str, bool]]) -> list[list[tuple[str, bool]]]:
    """The units, and the same with every zh, ch, sh read as two initials (chx is 长护险 as well as 查询)."""
    split = [part for unit, is_whole in typed for part in ([(unit, True)] if is_whole else _letters_of(unit))]
    return [typed] if split == typed else [typed, split]


def _letters_of(unit: str) -> list[tuple[str, bool]]:
    return [(letter, False) for letter in unit] if unit in ("zh", "ch", "sh") else [(unit, False)]


def syllable_runs(query: str) -> list[list[tuple[str, ...]]]:
    """The query as runs of syllables, whether typed as characters or in pinyin, each with its readings."""
    runs: list[list[tuple[str, ...]]] = [[]]
    for piece in RUNS.findall(query):
        if HAN.match(piece):
            runs[-1] += readings_of(piece)
            continue
        read = units(piece)
        if read and all(is_whole for _unit, is_whole in read):
            runs[-1] += [(merge_sounds(unit),) for unit, _is_whole in read]
        else:
            runs.append([])
    return [run for run in runs if run]


def query_sounds(query: str) -> list[str]:
    """Pairs of neighbouring syllables of a query, across characters and pinyin (办chang护险 has chang-hu)."""
    words = []
    for run in syllable_runs(query):
        for first, second in zip(run, run[1:], strict=False):
            words += [f"{a}-{b}" for a, b in product(first, second)]
    return words


_codes: dict[str, str] = {}


def sound_code(syllable: str) -> str:
    """One character that stands for a syllable, so that words can be compared by ear."""
    return _codes.setdefault(syllable, chr(FIRST_SOUND_CODE + len(_codes)))


@lru_cache(maxsize=65536)
def coded(text: str) -> str:
    """A text's syllables, one character each."""
    return "".join(sound_code(read[0]) for run in syllable_runs(text) for read in run if read)


def fits(unit: tuple[str, bool], read: tuple[str, ...]) -> bool:
    """Whether a typed unit can be this character: the whole syllable, or the beginning of it."""
    letters, is_whole = unit
    if is_whole:
        return merge_sounds(letters) in read
    letters = letters[0] if letters in ("zh", "ch", "sh") else letters
    return any(reading.startswith(letters) for reading in read)


def has_units(name: str, typed: list[tuple[str, bool]]) -> float:
    """How well the typed units are the beginning letters of neighbouring characters of a name: 0 to 1.

    All of them in a row count fully, with as many as three characters left out between them somewhat less.
    """
    best = 0.0
    for run in HAN.findall(name):
        read = readings_of(run)
        for start in range(len(read) - len(typed) + 1):
            if not fits(typed[0], read[start]):
                continue
            at = start
            for unit in typed[1:]:
                at += 1
                while at < len(read) and not fits(unit, read[at]):
                    at += 1
                if at >= len(read):
                    break
            else:
                gaps = at - start + 1 - len(typed)
                share = len(typed) / len(read)
                # Letters far apart in the middle of a long name are chance.
                if gaps == 0 or (gaps <= MAX_GAPS and (start == 0 or share >= LEAST_SHARE_WITH_GAPS)):
                    best = max(best, (0.7 if start else 0.8) + 0.2 * share - 0.15 * gaps)
    return best


def typed_initials(typed: list[tuple[str, bool]]) -> list[str]:
    """Twos and threes of the first letters of typed units."""
    letters = "".join(unit[0] for unit, _is_whole in typed)
    return [letters[n : n + length] for length in (2, 3) for n in range(len(letters) - length + 1)]


def without_fillers(query: str) -> str:
    """The query without words that say nothing of the matter; the query itself when nothing else is left."""
    kept = FILLERS.sub(" ", query)
    return kept if HAN.search(kept) or LATIN.search(kept) else query

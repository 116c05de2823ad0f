"""Which characters of a title the reader's query hit: by the characters themselves, or by their sound."""

from content.search import tokens


def _by_words(lower: str, words: list[str], flags: list[bool]) -> None:
    for word in words:
        start = lower.find(word)
        while start >= 0:
            flags[start : start + len(word)] = [True] * len(word)
            start = lower.find(word, start + 1)


def _by_sound(title: str, query: str, flags: list[bool]) -> None:
    """Mark two and more neighbouring characters that sound like neighbouring syllables of the query."""
    pairs = set(tokens.query_sounds(query))
    if not pairs:
        return
    for number, (first, second) in enumerate(zip(title, title[1:], strict=False)):
        if any(f"{a}-{b}" in pairs for a in tokens.readings(first) for b in tokens.readings(second)):
            flags[number] = flags[number + 1] = True


def _by_letters(title: str, query: str, flags: list[bool]) -> None:
    """Mark the characters whose syllables begin as was typed: 社保卡 for `sbk`."""
    for typed in tokens.ways_of(tokens.typed_units(query)):
        if len(typed) < 2:
            continue
        for start in range(len(title) - len(typed) + 1):
            part = title[start : start + len(typed)]
            if all(tokens.fits(unit, tokens.readings(char)) for unit, char in zip(typed, part, strict=True)):
                flags[start : start + len(typed)] = [True] * len(typed)
                return


def marked(title: str, query: str) -> tuple[tuple[str, bool], ...]:
    """The title in runs of characters that were hit, and of others; `query` is plain (see tokens)."""
    flags = [False] * len(title)
    lower = tokens.plain(title)
    if len(lower) != len(title):
        return ((title, False),)
    pairs = [run[n : n + 2] for run in tokens.HAN.findall(query) for n in range(len(run) - 1)]
    english = [word for word in tokens.LATIN.findall(query) if len(word) > 2 and word not in tokens.ENGLISH_FILLERS]
    _by_words(lower, pairs + english, flags)
    if not any(flags):
        _by_sound(title, query, flags)
    if not any(flags):
        _by_letters(title, query, flags)
    if not any(flags) and len(query) == 1:
        _by_words(lower, [query], flags)
    runs: list[tuple[str, bool]] = []
    for char, flag in zip(title, flags, strict=True):
        if runs and runs[-1][1] == flag:
            runs[-1] = (runs[-1][0] + char, flag)
        else:
            runs.append((char, flag))
    return tuple(runs)

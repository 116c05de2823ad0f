"""What the hall display says, always in Mandarin: as a text for the browser's voice, and as a row of clips."""

from pathlib import Path

from django.conf import settings

DIGITS = "零一二三四五六七八九"
LETTERS = "ABDSY"
HIGHEST_COUNTER = 40
# The fixed parts of an announcement; the words are spoken, never shown, so they are in no catalogue.
PHRASES = {"please": "请", "to": "号到", "window": "号窗口", "point": "号到服务点，视频接通"}


def number_in_words(number: int) -> str:
    """A number below 100 as it is read in Mandarin: 3 is 三, 12 is 十二, 20 is 二十."""
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")


def spoken_text(letter: str, sequence: int, *, counter: int, is_remote: bool) -> str:
    """请 Y 零 一 七 号到 三 号窗口: digit by digit, so that it is understood in a loud hall."""
    digits = " ".join(DIGITS[int(digit)] for digit in f"{sequence:03d}")
    where = "服务点视频接通" if is_remote else f"{number_in_words(counter)}号窗口"
    return f"请 {letter} {digits} 号，到{where}。"


def clip_names(letter: str, sequence: int, *, counter: int, is_remote: bool) -> list[str]:
    """The same announcement as names of clips, in the order in which they are played."""
    names = ["please", f"letter-{letter}", *(f"digit-{digit}" for digit in f"{sequence:03d}")]
    return [*names, "point"] if is_remote else [*names, "to", f"counter-{counter}", "window"]


def clip_texts() -> dict[str, str]:
    """Every clip with what is said in it."""
    return (
        PHRASES
        | {f"letter-{letter}": letter for letter in LETTERS}
        | {f"digit-{digit}": word for digit, word in enumerate(DIGITS)}
        | {f"counter-{number}": number_in_words(number) for number in range(1, HIGHEST_COUNTER + 1)}
    )


def clips_folder() -> Path:
    """Where the clips lie that were made at set-up."""
    return Path(settings.DATA_DIR) / "clips"


def clip_path(name: str) -> Path | None:
    """The file of a clip; None for a name that is none, and when the clips were not made."""
    if name not in clip_texts():
        return None
    path = clips_folder() / f"{name}.wav"
    return path if path.is_file() else None


def has_clips() -> bool:
    """Whether every clip was made."""
    return all((clips_folder() / f"{name}.wav").is_file() for name in clip_texts())

"""The frames and the text block of the SAM-V security module, as pure encoding and decoding.

Sources: GA 467-2013 and the interface description that reader makers publish with it (frame, commands, SW3 codes, text
block of the resident card). The layouts of the residence permits (type letters J, I and Y) are general knowledge from
published reader code and were never checked against a real card.

A request is ``AA AA AA 96 69 | length | CMD PARA content | check``; a reply has ``SW1 SW2 SW3`` in place of
``CMD PARA``. The length is two bytes, big-endian, and counts everything after itself; the check is the XOR of
everything from the length on.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final, Literal

from kiosk_bridge.messages import CardKind, ReaderErrorCode, Sex

PREAMBLE: Final = bytes.fromhex("AAAAAA9669")
BAUD_RATE: Final = 115200

FIND: Final = bytes.fromhex("2001")
SELECT: Final = bytes.fromhex("2002")
READ: Final = bytes.fromhex("3001")
#: Reads the additional address. A card that was read still answers it, so it tells whether the card lies there.
READ_ADDITIONAL: Final = bytes.fromhex("3003")
RESET: Final = bytes.fromhex("10FF")
STATUS: Final = bytes.fromhex("11FF")
SAM_ID: Final = bytes.fromhex("12FF")

SW3_OK: Final = 0x90
SW3_FOUND: Final = 0x9F
SW3_NO_CARD: Final = 0x80
SW3_SELECT_FAILED: Final = 0x81
SW3_NO_CONTENT: Final = 0x91
SW3_CARD_AUTHENTICATION: Final = 0x31
SW3_SAM_AUTHENTICATION: Final = 0x32
SW3_VERIFICATION: Final = 0x33
SW3_READ_FAILED: Final = 0x41
SW3_NOT_AUTHORISED: Final = 0x66

_ERROR_CODES: Final[dict[int, ReaderErrorCode]] = {
    SW3_CARD_AUTHENTICATION: "unreadable",
    SW3_SAM_AUTHENTICATION: "unreadable",
    SW3_VERIFICATION: "unreadable",
    SW3_READ_FAILED: "unreadable",
    SW3_SELECT_FAILED: "unreadable",
    SW3_NO_CARD: "pulled_early",
    SW3_NOT_AUTHORISED: "not_authorised",
}

TEXT_BYTES: Final = 256
PHOTO_BYTES: Final = 1024
#: A frame longer than text, additional address, fingerprints and photo together is noise on the line.
MAX_FRAME_BYTES: Final = 4096

_TYPE_OFFSET: Final = 248


class FrameError(Exception):
    """The bytes are no frame of this protocol, or its check does not fit."""


class CardTextError(Exception):
    """The text block of a card cannot be understood; the message names the field, never its value."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the module; `sw3` tells what happened. The content is never shown in its representation."""

    sw1: int
    sw2: int
    sw3: int
    content: bytes = dataclasses.field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class CardText:
    """What the 256 bytes of text say; dates are ISO 8601, `valid_to` may be "long". Its representation shows none."""

    kind: CardKind
    name: str
    sex: Sex
    nation: str
    birth_date: str
    address: str
    number: str
    issuer: str
    valid_from: str
    valid_to: str

    def __repr__(self) -> str:
        return f"<CardText {self.kind}>"


def error_code(sw3: int) -> ReaderErrorCode:
    """Return what a failed select or read of a found card means to the page."""
    return _ERROR_CODES.get(sw3, "unreadable")


# Frames ---------------------------------------------------------------------------------------------------------------


def encode_request(command: bytes, content: bytes = b"") -> bytes:
    """Return the frame of a request; `command` is CMD and PARA."""
    return _frame(command + content)


def encode_reply(sw3: int, content: bytes = b"") -> bytes:
    """Return the frame of a reply with SW1 and SW2 zero, as the virtual reader sends it."""
    return _frame(bytes((0, 0, sw3)) + content)


def decode_request(frame: bytes) -> tuple[bytes, bytes]:
    """Return (command, content) of a request; raises `FrameError`."""
    body = _body(frame)
    if len(body) < 2:
        raise FrameError("The request has no command.")
    return body[:2], body[2:]


def decode_reply(frame: bytes) -> Reply:
    """Return the reply in a frame; raises `FrameError`."""
    body = _body(frame)
    if len(body) < 3:
        raise FrameError("The reply has no status.")
    return Reply(body[0], body[1], body[2], body[3:])


def take_frame(buffer: bytearray) -> bytes | None:
    """Remove and return the first whole frame in `buffer`, or None when more bytes are needed; noise is dropped."""
    while True:
        start = buffer.find(PREAMBLE)
        if start < 0:
            # The tail may be the beginning of a preamble.
            del buffer[: max(0, len(buffer) - len(PREAMBLE) + 1)]
            return None
        del buffer[:start]
        if len(buffer) < len(PREAMBLE) + 2:
            return None
        length = int.from_bytes(buffer[5:7])
        if not 3 <= length <= MAX_FRAME_BYTES:
            del buffer[: len(PREAMBLE)]
            continue
        end = len(PREAMBLE) + 2 + length
        if len(buffer) < end:
            return None
        frame = bytes(buffer[:end])
        del buffer[:end]
        return frame


def _frame(body: bytes) -> bytes:
    counted = (len(body) + 1).to_bytes(2) + body
    return PREAMBLE + counted + bytes((_xor(counted),))


def _body(frame: bytes) -> bytes:
    if not frame.startswith(PREAMBLE) or len(frame) < len(PREAMBLE) + 3:
        raise FrameError("The frame does not begin with the preamble.")
    counted, check = frame[len(PREAMBLE) : -1], frame[-1]
    if int.from_bytes(counted[:2]) != len(frame) - len(PREAMBLE) - 2:
        raise FrameError("The frame's length does not fit.")
    if _xor(counted) != check:
        raise FrameError("The frame's check does not fit.")
    return counted[2:]


def _xor(content: bytes) -> int:
    check = 0
    for byte in content:
        check ^= byte
    return check


# The content of a read ------------------------------------------------------------------------------------------------


def decode_read(content: bytes) -> tuple[bytes, bytes]:
    """Return (text, photo) of a read reply: two lengths (2 bytes each, big-endian), then both; raises `FrameError`."""
    if len(content) < 4:
        raise FrameError("The read reply has no lengths.")
    text_length, photo_length = int.from_bytes(content[:2]), int.from_bytes(content[2:4])
    if len(content) < 4 + text_length + photo_length or text_length != TEXT_BYTES:
        raise FrameError("The read reply is too short.")
    return content[4 : 4 + text_length], content[4 + text_length : 4 + text_length + photo_length]


def encode_read(text: bytes, photo: bytes = bytes(PHOTO_BYTES)) -> bytes:
    """Return the content of a read reply, as the virtual reader sends it."""
    return len(text).to_bytes(2) + len(photo).to_bytes(2) + text + photo


# The text block -------------------------------------------------------------------------------------------------------

_Layout = tuple[tuple[str, int], ...]

#: (field, bytes) in order; two bytes a character. GA 467 for the resident card; `J` shares its first nine fields.
_RESIDENT: Final[_Layout] = (
    ("name", 30),
    ("sex", 2),
    ("nation", 4),
    ("birth_date", 16),
    ("address", 70),
    ("number", 36),
    ("issuer", 30),
    ("valid_from", 16),
    ("valid_to", 16),
    ("pass_number", 18),
    ("issue_count", 4),
    ("reserved", 6),
    ("type", 2),
    ("reserved_2", 6),
)
#: The foreign permanent resident's card of 2017, type letter I.
_FOREIGN_2017: Final[_Layout] = (
    ("name_latin", 120),
    ("sex", 2),
    ("number", 30),
    ("country", 6),
    ("name", 30),
    ("valid_from", 16),
    ("valid_to", 16),
    ("birth_date", 16),
    ("version", 4),
    ("issuer", 8),
    ("type", 2),
    ("reserved", 6),
)
#: The foreign permanent resident's card of 2023, type letter Y.
_FOREIGN_2023: Final[_Layout] = (
    ("name", 30),
    ("sex", 2),
    ("issue_count", 4),
    ("birth_date", 16),
    ("name_latin", 70),
    ("number", 36),
    ("reserved", 30),
    ("valid_from", 16),
    ("valid_to", 16),
    ("name_latin_rest", 22),
    ("country", 6),
    ("type", 2),
    ("former_number", 6),
)
_LAYOUTS: Final[dict[str, tuple[CardKind, _Layout]]] = {
    "": ("resident_id", _RESIDENT),
    "J": ("hmt_residence", _RESIDENT),
    "I": ("foreign_residence", _FOREIGN_2017),
    "Y": ("foreign_residence", _FOREIGN_2023),
}
TypeLetter = Literal["", "J", "I", "Y"]

_SEXES: Final[dict[str, Sex]] = {"1": "male", "2": "female"}
_SEX_DIGITS: Final = {"male": "1", "female": "2"}
_LONG: Final = "长期"


def decode_text(text: bytes) -> CardText:
    """Return what a text block says; the letter at offset 248 decides its layout.

    Raises `CardTextError` when the block is not UTF-16 or a field that must be there is not.
    """
    if len(text) != TEXT_BYTES:
        raise CardTextError("The text block is not 256 bytes long.")
    letter = _characters(text[_TYPE_OFFSET : _TYPE_OFFSET + 2], field="type")
    # Firmware that knows no letters leaves zeros or blanks, both of which are the resident card.
    kind, layout = _LAYOUTS.get(letter, _LAYOUTS[""])
    fields, offset = {}, 0
    for name, size in layout:
        # Reserved bytes may hold anything, so they are not looked at.
        if not name.startswith(("reserved", "former")):
            fields[name] = _characters(text[offset : offset + size], field=name)
        offset += size
    sex = _SEXES.get(fields["sex"])
    if sex is None or not fields["number"]:
        raise CardTextError("The text block lacks the sex or the number.")
    latin = fields.get("name_latin", "") + fields.get("name_latin_rest", "")
    return CardText(
        kind=kind,
        name=fields["name"] or latin,
        sex=sex,
        nation=fields["nation"] if kind == "resident_id" else "",
        birth_date=_iso_date(fields["birth_date"], field="birth_date"),
        address=fields.get("address", ""),
        number=fields["number"],
        issuer=fields.get("issuer", ""),
        valid_from=_iso_date(fields["valid_from"], field="valid_from"),
        valid_to="long" if fields["valid_to"] == _LONG else _iso_date(fields["valid_to"], field="valid_to"),
    )


def encode_text(card: CardText, *, letter: TypeLetter = "") -> bytes:
    """Return the text block of a card in the layout of `letter`, as a virtual card holds it.

    Raises `CardTextError` when a value does not fit its field.
    """
    _, layout = _LAYOUTS[letter]
    values = {
        "name": card.name,
        "name_latin": card.name if card.name.isascii() else "",
        "sex": _SEX_DIGITS[card.sex],
        "nation": card.nation,
        "birth_date": card.birth_date.replace("-", ""),
        "address": card.address,
        "number": card.number,
        "issuer": card.issuer,
        "valid_from": card.valid_from.replace("-", ""),
        "valid_to": _LONG if card.valid_to == "long" else card.valid_to.replace("-", ""),
        "type": letter,
    }
    block = b""
    for name, size in layout:
        encoded = values.get(name, "").encode("utf-16-le")
        if len(encoded) > size:
            raise CardTextError(f"The {name} is longer than {size // 2} characters.")
        block += encoded + " ".encode("utf-16-le") * ((size - len(encoded)) // 2)
    return block


def _characters(raw: bytes, *, field: str) -> str:
    try:
        return raw.decode("utf-16-le").rstrip(" \x00")
    except UnicodeDecodeError as error:
        raise CardTextError(f"The {field} is not UTF-16.") from error


def _iso_date(digits: str, *, field: str) -> str:
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        raise CardTextError(f"The {field} is not a date.")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"

"""SAM-V frames by the bytes that reader makers publish, and the text block in all its layouts."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk_bridge import samv
from kiosk_bridge.virtual.residents import DEMO_RESIDENTS, check_character

FIRST = DEMO_RESIDENTS[0]


@pytest.mark.parametrize(
    ("command", "frame"),
    [
        (samv.FIND, "AAAAAA9669 0003 2001 22"),
        (samv.SELECT, "AAAAAA9669 0003 2002 21"),
        (samv.READ, "AAAAAA9669 0003 3001 32"),
        (samv.RESET, "AAAAAA9669 0003 10FF EC"),
        (samv.STATUS, "AAAAAA9669 0003 11FF ED"),
        (samv.SAM_ID, "AAAAAA9669 0003 12FF EE"),
    ],
)
def test_it_asks_in_the_published_bytes(command: bytes, frame: str) -> None:
    assert samv.encode_request(command) == bytes.fromhex(frame)
    assert samv.decode_request(bytes.fromhex(frame)) == (command, b"")


@pytest.mark.parametrize(
    ("frame", "sw3", "content"),
    [
        ("AAAAAA9669 0008 00009F 00000000 97", samv.SW3_FOUND, bytes(4)),
        ("AAAAAA9669 000C 000090 0000000000000000 9C", samv.SW3_OK, bytes(8)),
        ("AAAAAA9669 0004 000080 84", samv.SW3_NO_CARD, b""),
        ("AAAAAA9669 0004 000041 45", samv.SW3_READ_FAILED, b""),
    ],
)
def test_it_understands_published_replies(frame: str, sw3: int, content: bytes) -> None:
    reply = samv.decode_reply(bytes.fromhex(frame))
    assert (reply.sw3, reply.content) == (sw3, content)
    assert samv.encode_reply(sw3, content) == bytes.fromhex(frame)


@pytest.mark.parametrize(
    "frame", ["AAAAAA9669 0004 000080 85", "AAAAAA9669 0005 000080 84", "AAAAAA9669 0002 00 02", "0102", ""]
)
def test_it_refuses_damaged_frames(frame: str) -> None:
    with pytest.raises(samv.FrameError):
        samv.decode_reply(bytes.fromhex(frame))


@pytest.mark.parametrize(
    ("sw3", "code"),
    [
        (0x31, "unreadable"),
        (0x32, "unreadable"),
        (0x33, "unreadable"),
        (0x41, "unreadable"),
        (0x81, "unreadable"),
        (0x80, "pulled_early"),
        (0x66, "not_authorised"),
    ],
)
def test_it_tells_errors_apart(sw3: int, code: str) -> None:
    assert samv.error_code(sw3) == code


@given(noise=st.binary(max_size=40), cut=st.integers(min_value=1, max_value=9))
def test_it_finds_frames_in_noise_and_pieces(noise: bytes, cut: int) -> None:
    # Noise that happens to hold a preamble would begin a frame of its own.
    noise = noise.replace(b"\xaa", b"")
    stream = noise + samv.encode_reply(samv.SW3_NO_CARD) + samv.encode_reply(samv.SW3_FOUND, bytes(4))
    buffer, frames = bytearray(), []
    for start in range(0, len(stream), cut):
        buffer += stream[start : start + cut]
        while (frame := samv.take_frame(buffer)) is not None:
            frames.append(samv.decode_reply(frame).sw3)
    assert frames == [samv.SW3_NO_CARD, samv.SW3_FOUND]


def test_it_reads_the_resident_card_field_by_field() -> None:
    """The block is put together here by hand, so that encoder and decoder cannot share a mistake."""
    fields = [
        ("周秀英", 15),
        ("2", 1),
        ("01", 2),
        ("19491231", 8),
        ("上海市静安区示例路１号", 35),
        ("11010519491231002X", 18),
        ("示例分局", 15),
        ("20100601", 8),
        ("长期", 8),
        ("", 18),
    ]
    block = "".join(text.ljust(length) for text, length in fields).encode("utf-16-le")
    card = samv.decode_text(block)
    assert card == samv.CardText(
        kind="resident_id",
        name="周秀英",
        sex="female",
        nation="01",
        birth_date="1949-12-31",
        address="上海市静安区示例路１号",
        number="11010519491231002X",
        issuer="示例分局",
        valid_from="2010-06-01",
        valid_to="long",
    )
    assert "周秀英" not in repr(card)


def test_it_reads_the_2017_foreign_card_field_by_field() -> None:
    fields = [
        ("DOE, JANE", 60),
        ("2", 1),
        ("XXX999999123456", 15),
        ("XXX", 3),
        ("", 15),
        ("20190101", 8),
        ("20290101", 8),
        ("19800203", 8),
        ("01", 2),
        ("1500", 4),
        ("I", 1),
        ("", 3),
    ]
    card = samv.decode_text("".join(text.ljust(length) for text, length in fields).encode("utf-16-le"))
    assert (card.kind, card.name, card.number) == ("foreign_residence", "DOE, JANE", "XXX999999123456")
    assert (card.birth_date, card.valid_to, card.nation, card.address) == ("1980-02-03", "2029-01-01", "", "")


@pytest.mark.parametrize(
    ("letter", "kind"),
    [("", "resident_id"), ("J", "hmt_residence"), ("I", "foreign_residence"), ("Y", "foreign_residence")],
)
def test_it_goes_round_in_every_layout(letter: samv.TypeLetter, kind: str) -> None:
    card = dataclasses.replace(FIRST, number="999999194912310", name="陈明") if letter == "I" else FIRST
    card = dataclasses.replace(card, issuer="1500") if letter == "I" else card
    block = samv.encode_text(card, letter=letter)
    assert len(block) == samv.TEXT_BYTES
    assert block[248:250].decode("utf-16-le").strip() == letter
    read = samv.decode_text(block)
    assert read.kind == kind
    assert (read.name, read.sex, read.birth_date, read.number, read.valid_from, read.valid_to) == (
        card.name,
        card.sex,
        card.birth_date,
        card.number,
        card.valid_from,
        card.valid_to,
    )


def test_it_refuses_a_blank_block_and_a_long_name() -> None:
    with pytest.raises(samv.CardTextError):
        samv.decode_text(bytes(256))
    with pytest.raises(samv.CardTextError, match="name"):
        samv.encode_text(dataclasses.replace(FIRST, name="名" * 16))


@given(st.binary(min_size=256, max_size=256))
def test_it_never_breaks_on_any_block(block: bytes) -> None:
    try:
        assert samv.decode_text(block).number
    except samv.CardTextError as error:
        assert str(error)


def test_demo_residents_have_valid_numbers_that_were_never_issued() -> None:
    assert check_character("11010519491231002") == "X"
    for resident in DEMO_RESIDENTS:
        assert resident.number[17] == check_character(resident.number[:17])
        assert resident.number[6:14] == resident.birth_date.replace("-", "")
        assert (int(resident.number[16]) % 2 == 1) == (resident.sex == "male")
        assert len(samv.encode_text(resident)) == samv.TEXT_BYTES
    assert [resident.number[:6] for resident in DEMO_RESIDENTS] == ["999999", "999999", "999999", "310102"]

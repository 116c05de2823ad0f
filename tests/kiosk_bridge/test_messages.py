"""The wire format: every message survives the wire, and bad ones are named."""

import subprocess
import sys

import pytest

from kiosk_bridge import messages
from kiosk_bridge.messages import (
    BridgeHello,
    CardPayload,
    CardRead,
    Malformed,
    Peripheral,
    Peripherals,
    PrintJob,
    UnknownType,
    decode_base64url,
    decode_payload,
    encode_payload,
    parse,
)

WELL = Peripherals(reader=Peripheral(state="ok"), receipt=Peripheral(state="paper_low"), a4=Peripheral(state="absent"))
CARD = CardPayload(
    nonce="n",
    device="d",
    read_at="2026-11-23T01:02:03.000+00:00",
    kind="resident_id",
    name="周秀英",
    sex="female",
    nation="01",
    birth_date="1949-12-31",
    address="示例路",
    number="11010519491231002X",
    issuer="示例",
    valid_from="2010-06-01",
    valid_to="long",
)


def test_it_carries_nested_messages_both_ways() -> None:
    hello = BridgeHello(device="k", version="1", virtual=True, peripherals=WELL)
    assert parse(hello.to_json()) == hello
    assert hello.to_dict()["type"] == "bridge.hello"


def test_it_leaves_undeclared_keys_out() -> None:
    assert parse('{"type":"wipe","id":"1","extra":[]}').to_dict() == {"type": "wipe", "id": "1"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "not JSON"),
        ("[1]", "not an object"),
        ('{"id":"1"}', "not an object with a type"),
        ('{"type":"wipe"}', "wipe: id is missing"),
        ('{"type":"wipe","id":7}', "wipe: id has the wrong kind"),
        ('{"type":"card.error","code":"other"}', "must be one of"),
        ('{"type":"card.error","code":["unreadable"]}', "must be one of"),
        ('{"type":"health","peripherals":{"reader":1}}', "peripherals: reader is not an object"),
        (
            '{"type":"print.job","id":"1","printer":"a4","format":"pdf","title":"","data":"","copies":true}',
            "copies has the wrong kind",
        ),
    ],
)
def test_it_names_what_is_malformed(text: str, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        parse(text)


def test_it_tells_unknown_types_apart() -> None:
    with pytest.raises(UnknownType) as caught:
        parse('{"type":"from.the.future"}')
    assert caught.value.type == "from.the.future"


def test_it_keeps_a_person_out_of_representations() -> None:
    payload = encode_payload(CARD)
    read = CardRead(nonce="n", payload=payload, signature="s")
    job = PrintJob(id="1", printer="a4", format="pdf", title="t", data="c2VjcmV0")
    assert decode_payload(payload) == CARD
    assert "周秀英" not in repr(CARD)
    assert payload not in repr(read)
    assert "c2VjcmV0" not in repr(job)


def test_it_refuses_a_payload_that_is_no_card() -> None:
    with pytest.raises(Malformed):
        decode_payload("W10")
    with pytest.raises(Malformed):
        decode_base64url("a b")


def test_it_needs_the_standard_library_alone() -> None:
    """The portal imports this module, so it must bring nothing along, and the daemon must not bring Django."""
    check = (
        "import sys, kiosk_bridge.messages as m;"
        "own = {n.partition('.')[0] for n in sys.modules} - set(sys.stdlib_module_names) - {'kiosk_bridge'};"
        "assert not [n for n in own if not n.startswith(('_', 'sitecustomize', 'site'))], own"
    )
    subprocess.run(
        [sys.executable, "-S", "-c", check], check=True, cwd=messages.__file__.rpartition("/kiosk_bridge/")[0]
    )
    check = "import sys, kiosk_bridge.__main__; assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=messages.__file__.rpartition("/kiosk_bridge/")[0])

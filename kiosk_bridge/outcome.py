"""What became of one print, in the words of the wire."""

from typing import NamedTuple

from kiosk_bridge.messages import PrintResult


class Outcome(NamedTuple):
    """`code` is "" or one of those of `messages.PrintOutcome`; `detail` is a plain sentence for a person."""

    result: PrintResult
    code: str
    detail: str

"""What the bridge knows of its three devices, and who wants to hear when it changes."""

import logging
from collections.abc import Callable
from typing import Literal

from kiosk_bridge.messages import Peripheral, Peripherals

logger = logging.getLogger(__name__)

PeripheralName = Literal["reader", "receipt", "a4"]


class PeripheralBoard:
    """The current state of the devices; listeners are called on every real change."""

    def __init__(self, initial: Peripherals) -> None:
        self._states: dict[PeripheralName, Peripheral] = {
            "reader": initial.reader,
            "receipt": initial.receipt,
            "a4": initial.a4,
        }
        self._listeners: list[Callable[[Peripherals], None]] = []

    @property
    def current(self) -> Peripherals:
        return Peripherals(reader=self._states["reader"], receipt=self._states["receipt"], a4=self._states["a4"])

    def listen(self, listener: Callable[[Peripherals], None]) -> Callable[[], None]:
        """Call `listener` on every change; returns a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def report(self, name: PeripheralName, peripheral: Peripheral) -> None:
        """Take a device's new state; an unchanged one is not announced."""
        before = self._states[name]
        if before == peripheral:
            return
        self._states[name] = peripheral
        if before.state != peripheral.state:
            logger.info("%s: %s -> %s (%s)", name, before.state, peripheral.state, peripheral.detail)
        for listener in list(self._listeners):
            listener(self.current)

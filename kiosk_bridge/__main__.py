"""The command `python -m kiosk_bridge --config FILE [--virtual] [--check]`."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sqlite3
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_bridge.config import Config, ConfigError, load_config, load_private_key
from kiosk_bridge.daemon import look_at_peripherals, run_bridge
from kiosk_bridge.messages import Peripheral
from kiosk_bridge.virtual.programs import VirtualDevicesError, virtual_config, virtual_devices
from kiosk_bridge.wording import _, use_language

logger = logging.getLogger("kiosk_bridge")


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m kiosk_bridge", description="Linban's daemon on the kiosk.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the TOML configuration")
    parser.add_argument("--virtual", action="store_true", help="start virtual devices and use them")
    parser.add_argument("--check", action="store_true", help="say how each device is, and exit with 0 or 1")
    parser.add_argument("--verbose", action="store_true", help="log more")
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.DEBUG if arguments.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    # These libraries log whole messages and documents at DEBUG, which would put card data into a log.
    for library in ("websockets", "pyipp", "asyncio"):
        logging.getLogger(library).setLevel(logging.INFO)
    logging.getLogger("websockets.server").setLevel(logging.WARNING)
    try:
        config = load_config(arguments.config)
        key = load_private_key(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    use_language(config.language)
    try:
        return asyncio.run(_run(config, key, virtual=arguments.virtual, check=arguments.check))
    except (VirtualDevicesError, OSError, sqlite3.Error) as error:
        reason: BaseException = error
    except ExceptionGroup as group:
        # Such as the page's port in use; anything that is no fault of the machine keeps its traceback.
        reason = group
        while isinstance(reason, ExceptionGroup):
            reason = reason.exceptions[0]
        if not isinstance(reason, OSError):
            raise
    sys.stderr.write(_("The bridge cannot run: {reason}").format(reason=reason) + "\n")
    return 1


async def _run(config: Config, key: Ed25519PrivateKey, *, virtual: bool, check: bool) -> int:
    stopped = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        if virtual:
            config = virtual_config(config)
            await stack.enter_async_context(virtual_devices(config))
        if check:
            return await _check(config, virtual=virtual)
        bridge = asyncio.create_task(run_bridge(config, key, virtual=virtual))
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait((bridge, stopping), return_when=asyncio.FIRST_COMPLETED)
        for task in (bridge, stopping):
            task.cancel()
        results = await asyncio.gather(bridge, stopping, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]
    return 0


async def _check(config: Config, *, virtual: bool) -> int:
    """Print one sentence for each device; 0 when every configured one can be used."""
    peripherals = await look_at_peripherals(config, virtual=virtual)
    is_well = True
    for name, label in (("reader", _("Card reader")), ("receipt", _("Receipt printer")), ("a4", _("A4 printer"))):
        peripheral: Peripheral = getattr(peripherals, name)
        note = _(" (virtual)") if peripheral.virtual else ""
        sys.stdout.write(f"{label}{note}: {peripheral.detail}\n")
        is_configured = getattr(config, name) is not None
        is_well = is_well and (not is_configured or peripheral.state in ("ok", "paper_low"))
    sys.stdout.write((_("All is well.") if is_well else _("Something needs a hand.")) + "\n")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())

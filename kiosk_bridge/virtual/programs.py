"""Starts the virtual devices as programs of their own, and ends them with the bridge."""

import asyncio
import contextlib
import dataclasses
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from kiosk_bridge.config import A4Config, Config, ReaderConfig, ReceiptConfig

logger = logging.getLogger(__name__)

START_TIMEOUT_S: Final = 20.0
STOP_TIMEOUT_S: Final = 5.0


class VirtualDevicesError(Exception):
    """A virtual device did not start; the message says which and why."""


def spool_folder(config: Config) -> Path:
    """Return the folder of the virtual devices' sockets and prints."""
    return Path(config.virtual.spool or Path(config.state_dir) / "virtual")


def virtual_config(config: Config) -> Config:
    """Return the configuration with every device replaced by its virtual one."""
    ports = config.virtual
    return dataclasses.replace(
        config,
        page=dataclasses.replace(config.page, port=ports.page_ws),
        reader=ReaderConfig(port=str(spool_folder(config) / "reader")),
        receipt=ReceiptConfig(host="127.0.0.1", port=ports.receipt),
        a4=A4Config(uri=f"ipp://127.0.0.1:{ports.ipp}/ipp/print"),
    )


@asynccontextmanager
async def virtual_devices(config: Config) -> AsyncIterator[None]:
    """Run the virtual devices and their page; raises `VirtualDevicesError` when one does not start."""
    spool = spool_folder(config)
    spool.mkdir(parents=True, exist_ok=True)
    sockets = {name: spool / f"{name}.sock" for name in ("reader", "receipt", "ipp")}
    for path in sockets.values():
        path.unlink(missing_ok=True)
    programs = {
        "sam_reader": ["--link", str(spool / "reader"), "--socket", str(sockets["reader"])],
        "receipt_printer": [
            *("--port", str(config.virtual.receipt)),
            *("--spool", str(spool / "slips"), "--socket", str(sockets["receipt"])),
        ],
        "ipp_printer": [
            *("--port", str(config.virtual.ipp)),
            *("--spool", str(spool / "prints"), "--socket", str(sockets["ipp"])),
        ],
        "control": ["--port", str(config.virtual.control), "--spool", str(spool)],
    }
    running: dict[str, asyncio.subprocess.Process] = {}
    try:
        for name, arguments in programs.items():
            running[name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", f"kiosk_bridge.virtual.{name}", *arguments, "--owned"),
                stdin=asyncio.subprocess.PIPE,
                cwd=Path(__file__).resolve().parents[2],
                # A Ctrl-C in the terminal goes to the bridge alone, which then ends them in order.
                start_new_session=True,
            )
        await _wait_until_up(running, list(sockets.values()), control_port=config.virtual.control)
        logger.info("Virtual devices: http://127.0.0.1:%s/", config.virtual.control)
        yield
    finally:
        await _stop(list(running.values()))


async def _wait_until_up(
    running: dict[str, asyncio.subprocess.Process], sockets: list[Path], *, control_port: int
) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_TIMEOUT_S
    while True:
        for name, process in running.items():
            if process.returncode is not None:
                raise VirtualDevicesError(f"The virtual device {name} did not start; is its port in use?")
        if all(path.exists() for path in sockets) and await _is_open(control_port):
            return
        if loop.time() > deadline:
            raise VirtualDevicesError("The virtual devices did not start in time.")
        await asyncio.sleep(0.05)


async def _is_open(port: int) -> bool:
    try:
        _source, sink = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    sink.close()
    return True


async def _stop(processes: list[asyncio.subprocess.Process]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    for process in processes:
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

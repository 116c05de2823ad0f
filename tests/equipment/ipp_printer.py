"""The real `ippeveprinter` of CUPS, run where its D-Bus and Avahi touch nothing else.

It does not start without Avahi, so all three run in mount and process namespaces of their own, over a /run that is
theirs; Avahi is kept in a network namespace as well, so that no printer is announced to anybody.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.equipment.programs import Program, is_listening

NEEDED = ("ippeveprinter", "avahi-daemon", "dbus-daemon", "unshare", "mount")

_SCRIPT = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/avahi-daemon
dbus-daemon --system --fork --nopidfile
unshare -n sh -c 'ip link set lo up 2>/dev/null || true
exec avahi-daemon --no-drop-root --no-rlimits --no-chroot --daemonize --no-proc-title'
exec ippeveprinter -r off -n localhost "$@"
"""


class EvePrinter:
    """A running ippeveprinter."""

    def __init__(self, folder: Path, *, port: int, command: Path) -> None:
        missing = [program for program in NEEDED if shutil.which(program) is None]
        if missing:
            raise AssertionError(
                f"{', '.join(missing)} is missing: apt install cups-ipp-utils avahi-daemon dbus util-linux mount"
            )
        self._spool = folder
        self.port = port
        self.uri = f"ipp://localhost:{port}/ipp/print"
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            unshare.append("--map-root-user")
        # Without a command of its own, it plays printing for a random time of 5 to 15 seconds.
        arguments = ["-p", str(port), "-d", str(folder), "-k", "-f", "application/pdf", "-c", str(command), "-v"]
        self.program = Program(
            [*unshare, "sh", "-c", _SCRIPT, "sh", *arguments, "Linban test"], log=folder / "ippeveprinter.log"
        )
        self.program.wait_until(lambda: is_listening(port))

    def documents(self) -> list[Path]:
        """Return the PDFs that it stored, in the order of its jobs."""
        # The spool's names begin with the job's number.
        return sorted(self._spool.glob("*.pdf"), key=lambda path: int(path.name.split("-")[0]))


@contextmanager
def ipp_eve_printer(*, port: int, command: Path = Path("/bin/true")) -> Iterator[EvePrinter]:
    """Run ippeveprinter; fails plainly when it is not installed. `command` is run for every document."""
    with tempfile.TemporaryDirectory(prefix="eve-") as folder:
        printer = EvePrinter(Path(folder), port=port, command=command)
        try:
            yield printer
        finally:
            # The whole namespace goes with the process that opened it (--kill-child), which heeds no SIGTERM.
            printer.program.kill()

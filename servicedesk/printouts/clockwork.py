"""What the clock does for print jobs: none stays silent, and printed documents are kept for a time only."""

from datetime import datetime

from portal.base.clock.services import periodic, retention
from servicedesk.printouts import services


@periodic(every_s=5, name="printouts.tend_jobs")
def tend_jobs() -> None:
    services.tend_jobs()


@retention("print_document", default_days=30, of=("printouts.PrintJob",))
def forget(before: datetime) -> int:
    """The printed bytes go; the row of the job stays."""
    return services.forget_documents(before)

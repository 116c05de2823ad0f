"""What the clock does for cases: papers are kept for their time, codes of messages for minutes."""

from datetime import datetime

from portal.base.clock.services import kept, periodic, retention
from servicedesk.cases import extras
from servicedesk.cases import retention as papers

PAPERS = ("cases.CasePage", "cases.FilledForm", "cases.Signature", "cases.Handover", "cases.Result")
kept(
    "cases.Case",
    because="number, item and stages, as figures; the applicant is erased as a person, the phone with the papers",
)


@retention("case_papers", default_days=1825, of=PAPERS)
def forget_papers(before: datetime) -> int:
    return papers.forget_papers(before)


@retention("extra_ask", default_days=730, of=("cases.ExtraAsk",))
def forget_extras(before: datetime) -> int:
    return extras.forget_extras(before)


@periodic(every_s=600, name="cases.forget_codes", clears=("cases.TrackingCode",))
def forget_codes() -> None:
    papers.forget_codes()

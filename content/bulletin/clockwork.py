"""What the clock does for the bulletin: it sees announcements begin and end, and erases what is past its time."""

from datetime import datetime

from content.bulletin import services
from portal.base.clock.services import kept, periodic, retention

kept(
    "bulletin.PolicyQuestion", "bulletin.InfoIndexPage", "bulletin.NewsIndexPage", "bulletin.NewsPage",
    "bulletin.SectionPage", because="published content, without anything personal",
)  # fmt: skip


@periodic(every_s=20, name="bulletin.announcements")
def notice_beginnings_and_ends() -> None:
    services.notice_beginnings_and_ends()


@retention("suggestion", default_days=730, of=("bulletin.Suggestion",))
def forget_suggestions(before: datetime) -> int:
    return services.forget_suggestions(before)


@retention("announcement", default_days=1095, of=("bulletin.Announcement",))
def forget_announcements(before: datetime) -> int:
    return services.forget_announcements(before)

"""What is told beside the guides: announcements, news and pages, answered questions, suggestions."""

from content.bulletin.models.announcement import Announcement
from content.bulletin.models.pages import InfoIndexPage, NewsIndexPage, NewsPage, SectionPage
from content.bulletin.models.voices import PolicyQuestion, Suggestion

__all__ = [
    "Announcement",
    "InfoIndexPage",
    "NewsIndexPage",
    "NewsPage",
    "PolicyQuestion",
    "SectionPage",
    "Suggestion",
]

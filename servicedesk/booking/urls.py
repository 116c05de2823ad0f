"""The addresses of booking, below /book/ with the language's prefix."""

from django.urls import path

from servicedesk.booking import views

urlpatterns = [
    path("", views.choose, name="book"),
    path("hold/", views.hold, name="book_hold"),
    path("<slug:token>/", views.booking_page, name="booking"),
    path("<slug:token>/details/", views.details, name="booking_details"),
    path("<slug:token>/cancel/", views.cancel, name="booking_cancel"),
    path("<slug:token>/restore/", views.restore, name="booking_restore"),
    path("<slug:token>/calendar.ics", views.calendar, name="booking_calendar"),
]

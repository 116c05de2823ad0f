"""Addresses of the bulletin beside its Wagtail pages; included with the language prefix."""

from django.urls import path

from content.bulletin import views

urlpatterns = [
    path("questions/", views.question_list, name="policy_questions"),
    path("questions/ask/", views.ask_question, name="ask_question"),
    path("suggestions/", views.suggest, name="suggest"),
    path("suggestions/thanks/", views.suggestion_thanks, name="suggestion_thanks"),
    path("suggestions/reply/", views.suggestion_reply, name="suggestion_reply"),
]

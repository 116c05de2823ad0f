"""The addresses of the hall displays, below /board/."""

from django.urls import path

from servicedesk.queueing import views

urlpatterns = [
    path("", views.boards, name="boards"),
    path("clips/<slug:name>.wav", views.clip, name="board_clip"),
    path("<str:centre>/", views.board, name="board"),
]

"""The addresses of Customer Service, under /service/."""

from __future__ import annotations

from django.urls import path, re_path

from customer_service.views.actions import (
    ConsentView,
    DescribeView,
    NoteView,
    ReferView,
    ReopenView,
    ResolveView,
    SnoozeView,
    TakeView,
    WakeView,
)
from customer_service.views.board import BoardView
from customer_service.views.conversations import ConversationsLiveView, ConversationsView, FiltersView
from customer_service.views.desk import CannedView, DeskExtendView, DeskView
from customer_service.views.emoji import EmojiView
from customer_service.views.files import FileAgainView, FileView
from customer_service.views.follow_up import FollowUpView
from customer_service.views.hsm import HsmPartView, HsmView
from customer_service.views.reports import ReportsFileView, ReportsView
from customer_service.views.sending import RecontactPartView, RecontactView, TextView
from customer_service.views.tickets import TicketLiveView, TicketView

app_name = "customer_service"

urlpatterns = [
    path("", ConversationsView.as_view(), name="conversations"),
    path("live/", ConversationsLiveView.as_view(), name="conversations_live"),
    path("filters/", FiltersView.as_view(), name="filters"),
    path("desk/", DeskView.as_view(), name="desk"),
    path("desk/extend/", DeskExtendView.as_view(), name="desk_extend"),
    path("board/", BoardView.as_view(), name="board"),
    path("reports/", ReportsView.as_view(), name="reports"),
    re_path(r"^reports/file/(?P<kind>csv|xlsx)/$", ReportsFileView.as_view(), name="reports_file"),
    path("follow-up/", FollowUpView.as_view(), name="follow_up"),
    path("emoji/", EmojiView.as_view(), name="emoji"),
    path("hsm/", HsmView.as_view(), name="hsm"),
    path("hsm/<str:part>/", HsmPartView.as_view(), name="hsm_part"),
    path("queries/<int:query_id>/", TicketView.as_view(), name="ticket"),
    path("queries/<int:query_id>/live/", TicketLiveView.as_view(), name="ticket_live"),
    path("queries/<int:query_id>/recontact/", RecontactView.as_view(), name="recontact"),
    path("queries/<int:query_id>/recontact/<str:part>/", RecontactPartView.as_view(), name="recontact_part"),
    path("queries/<int:query_id>/text/", TextView.as_view(), name="text"),
    path("queries/<int:query_id>/files/<int:file_id>/", FileView.as_view(), name="file"),
    path("queries/<int:query_id>/files/<int:file_id>/again/", FileAgainView.as_view(), name="file_again"),
    path("queries/<int:query_id>/take/", TakeView.as_view(), name="take"),
    path("queries/<int:query_id>/resolve/", ResolveView.as_view(), name="resolve"),
    path("queries/<int:query_id>/reopen/", ReopenView.as_view(), name="reopen"),
    path("queries/<int:query_id>/refer/", ReferView.as_view(), name="refer"),
    path("queries/<int:query_id>/canned/", CannedView.as_view(), name="canned"),
    path("queries/<int:query_id>/snooze/", SnoozeView.as_view(), name="snooze"),
    path("queries/<int:query_id>/wake/", WakeView.as_view(), name="wake"),
    path("queries/<int:query_id>/describe/", DescribeView.as_view(), name="describe"),
    path("queries/<int:query_id>/consent/", ConsentView.as_view(), name="consent"),
    path("queries/<int:query_id>/note/", NoteView.as_view(), name="note"),
]

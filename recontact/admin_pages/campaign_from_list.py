"""From the filters of the queries' list to the filter of a new campaign, as an address."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from recontact.admin_pages.campaign_filter_form import CHOSEN
from recontact.models import Query

#: The list's own name of what the form calls so.
_SAME = {
    "team__id__exact": "team",
    "assigned_to__id__exact": "agent",
    "sender_number__id__exact": "sender_number",
    "origin__exact": "origin",
}


def campaign_address(asked: QueryDict) -> str:
    """Where a campaign of the queries that the list shows begins; empty when its filter cannot say the same."""
    window, recontact = asked.get("window", ""), asked.get("recontact", "")
    states = [state for state in asked.getlist("state__exact") if state != Query.State.RESOLVED]
    nobody = asked.getlist("state__exact") and not states
    if asked.get("q") or window == "open" or recontact == "used" or nobody or len(asked.getlist("origin__exact")) > 1:
        return ""
    found = QueryDict(mutable=True)
    found.update({"of": "queries", CHOSEN: "1"})
    found.setlist("states", states)
    for theirs, ours in _SAME.items():
        if asked.get(theirs):
            found[ours] = str(asked[theirs])
    if window == "closed" or recontact == "ready":
        found["window_closed"] = "on"
    if recontact in ("unused", "ready"):
        found["unused"] = "on"
    for theirs, ours in (("created_at_from", "created_from"), ("created_at_to", "created_until")):
        day = _day(asked.get(theirs, ""))
        if day is not None:
            found[ours] = day.isoformat()
    age = asked.get("age", "")
    if age.isdecimal() and len(age) < 4:
        # The last day on which nobody's silence is shorter than asked for.
        found["active_until"] = (timezone.localdate() - timedelta(days=int(age) + 1)).isoformat()
    return f"{reverse('admin:recontact_campaign_add')}?{found.urlencode()}"


def _day(text: str) -> date | None:
    try:
        found: date | None = forms.DateField(required=False).clean(text)
    except ValidationError:
        return None
    return found

"""The downloads of a campaign: each row of the plan with its fate, and each recipient with what became of him."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from recontact.admin_pages.page import ManagerPage
from recontact.campaigns.outcome_words import why_words
from recontact.campaigns.outcomes import harmless, recipients_csv, recipients_of
from recontact.models import Campaign, CampaignRecipient, Message
from recontact.phones import phone_for
from recontact.reasons import reason_words

#: Rows read from the database at a time: a million are never in memory.
CHUNK = 2_000


class CampaignPlanCsv(ManagerPage):
    """The rows of the plan, all or those with one fate."""

    permission_required = "recontact.add_campaign"

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponseBase:
        campaign = get_object_or_404(Campaign.objects.select_related("template"), pk=campaign_id)
        outcome = request.GET.get("outcome", "")
        if outcome and outcome not in CampaignRecipient.Outcome.values:
            raise Http404
        if not request.user.has_perm("recontact.see_phones"):
            raise PermissionDenied
        outcomes = [outcome] if outcome else []
        rows = recipients_of(campaign, *outcomes, code=request.GET.get("code"), variable=request.GET.get("key"))
        return _csv(campaign, outcome or "plan", recipients_csv(campaign, rows))


class CampaignResultCsv(ManagerPage):
    """Every recipient of a launched campaign: state, price, the provider's id, and the times."""

    permission_required = "recontact.view_campaign"

    def get(self, request: HttpRequest, campaign_id: int) -> HttpResponseBase:
        campaign = get_object_or_404(Campaign, pk=campaign_id)
        rows = recipients_of(campaign).select_related("message")
        rows = rows.defer("values", "message__components", "message__bubble", "message__body")
        whole = request.user.has_perm("recontact.see_phones")
        prices = request.user.has_perm("recontact.see_costs")
        header = [_("Row"), _("Phone"), _("Name"), _("What happens"), _("Why"), _("Message"), _("State")]
        header += [_("Reason"), _("Provider's id"), _("Queued"), _("Accepted"), _("Delivered"), _("Read")]
        header += [_("Estimate"), _("Currency")] if prices else []
        of_queries = campaign.source == Campaign.Source.FILTERED
        header += [_("Query")] if of_queries else []
        lines = (
            _result_line(row, whole=whole, prices=prices) + ([row.query_id] if of_queries else [])
            for row in rows.iterator(chunk_size=CHUNK)
        )
        return _csv(campaign, "result", _result_lines(header, lines))


def _result_line(row: CampaignRecipient, *, whole: bool, prices: bool) -> list[Any]:
    message = row.message
    why = row.dropped or row.code
    line: list[Any] = [
        row.row_number,
        phone_for(row.phone, whole=whole),
        row.name,
        row.get_outcome_display(),
        why_words(row, why),
    ]
    line += _message_cells(message) if message is not None else [""] * 8
    if prices:
        amount = message.estimate if message is not None else row.estimate
        line += ["" if amount is None else str(amount), message.currency if message is not None else row.currency]
    return line


def _message_cells(message: Message) -> list[str]:
    moments = (message.created_at, message.accepted_at, message.delivered_at, message.read_at)
    return [
        str(message.pk),
        str(message.get_state_display()),
        reason_words(message.reason),
        message.provider_message_id,
        *("" if moment is None else timezone.localtime(moment).isoformat(timespec="seconds") for moment in moments),
    ]


class _Echo:
    """What csv writes into: gives each line back at once."""

    def write(self, line: str) -> str:
        return line


def _result_lines(header: list[str], lines: Iterable[list[Any]]) -> Iterator[str]:
    """The lines as text; the mark at the start tells spreadsheets that it is UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(header)
    for line in lines:
        yield writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in line])


def _csv(campaign: Campaign, part: str, text: Iterator[str]) -> StreamingHttpResponse:
    """A file that is sent while it is read."""
    response = StreamingHttpResponse(text, content_type="text/csv; charset=utf-8")
    name = slugify(campaign.name) or f"campaign-{campaign.pk}"
    response["Content-Disposition"] = f'attachment; filename="{name}-{part}.csv"'
    return response

"""Campaigns of the tests: a file's bytes, a draft from it, and its plan."""

from __future__ import annotations

import io
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import openpyxl

from providers.models import SenderNumber
from recontact.campaigns.columns import Source, mapping_suggest
from recontact.campaigns.filtered import campaign_draft_from_filter
from recontact.campaigns.filters import Filter
from recontact.campaigns.plan import campaign_plan
from recontact.campaigns.upload import campaign_configure, campaign_draft_from_file
from recontact.models import Campaign, CampaignRecipient
from templates_app.models import Template
from templates_app.selectors import template_parsed
from tests.factories import rate_card_make, sender_number_make, template_make, user_make

PAYMENT = [{"type": "BODY", "text": "Hola {{1}}, tu cuota de {{2}} venció."}]


def csv_bytes(*rows: Sequence[str], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Rows of plain cells as a .csv."""
    return "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)


def xlsx_bytes(*rows: Sequence[Any], sheet: str = "campaign", hidden: Sequence[int] = ()) -> bytes:
    """Rows of cells as a workbook with one sheet, of which the rows with these numbers are hidden."""
    workbook = openpyxl.Workbook()
    active = workbook.active
    assert active is not None
    active.title = sheet
    for row in rows:
        active.append(list(row))
    for number in hidden:
        active.row_dimensions[number].hidden = True
    body = io.BytesIO()
    workbook.save(body)
    return body.getvalue()


def number_make() -> SenderNumber:
    """A number whose account has prices."""
    number = sender_number_make()
    rate_card_make(account=number.account)
    return number


def draft_make(
    body: bytes,
    *,
    name: str = "pagos-vencidos.csv",
    number: SenderNumber | None = None,
    template: Template | None = None,
    mapping: dict[str, Source] | None = None,
    **options: Any,
) -> Campaign:
    """A draft of the file with a template of two variables (name, amount), mapped as the portal guesses."""
    number = number or number_make()
    template = template or Template.objects.filter(account=number.account, name="pago_vencido").first()
    template = template or template_make(account=number.account, name="pago_vencido", components=PAYMENT)
    campaign = campaign_draft_from_file(name=name, body=BytesIO(body), user=user_make())
    if mapping is None:
        mapping = mapping_suggest(template, template_parsed(template), campaign.file.facts["columns"])
    options.setdefault("default_country", "AR")
    return campaign_configure(
        campaign_id=campaign.pk, template_id=template.pk, sender_number_id=number.pk, mapping=mapping, **options
    )


def planned(body: bytes, **options: Any) -> Campaign:
    """Such a draft, planned."""
    campaign = draft_make(body, **options)
    campaign_plan(campaign.pk)
    campaign.refresh_from_db()
    return campaign


def fates(campaign: Campaign) -> list[tuple[int, str, str]]:
    """Row, outcome and code of each recipient."""
    rows = CampaignRecipient.objects.filter(campaign=campaign).order_by("row_number")
    return list(rows.values_list("row_number", "outcome", "code"))


def manager_make() -> Any:
    """Somebody who may make campaigns of queries."""
    names = ("view_query", "view_all_queries", "bulk_recontact", "add_campaign")
    return user_make(permissions=[f"recontact.{name}" for name in names])


def filtered_draft(
    wanted: Filter,
    *,
    number: SenderNumber,
    template: Template | None = None,
    mapping: dict[str, Source] | None = None,
    user: Any = None,
) -> Campaign:
    """A draft by filter with a template of two variables, mapped as the portal guesses."""
    campaign = campaign_draft_from_filter(wanted=wanted, name="por filtro", user=user or manager_make())
    template = template or Template.objects.filter(account=number.account, name="pago_vencido").first()
    template = template or template_make(account=number.account, name="pago_vencido", components=PAYMENT)
    if mapping is None:
        mapping = {"body.1": Source("customer_first_name"), "body.2": Source("subject", fallback="$ 1")}
    return campaign_configure(
        campaign_id=campaign.pk,
        template_id=template.pk,
        sender_number_id=number.pk,
        mapping=mapping,
        default_country="AR",
    )


def filtered(wanted: Filter, **options: Any) -> Campaign:
    """Such a draft, planned."""
    campaign = filtered_draft(wanted, **options)
    campaign_plan(campaign.pk)
    campaign.refresh_from_db()
    return campaign

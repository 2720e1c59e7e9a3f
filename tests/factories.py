"""Ready-made rows for tests: keyword-only, each with sound defaults."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission
from django.utils import timezone

from hsm_portal.models import User
from providers.contracts import JsonObject
from providers.credentials import credentials_encrypt
from providers.models import Category, ProviderAccount, Rate, RateCard, SenderNumber
from providers.rates.publishing import card_publish
from recontact.customers import customer_identify
from recontact.models import Budget, Campaign, CampaignRecipient, Customer, Message, Query, Statement, Team
from recontact.outbox import query_recontact
from recontact.reconciliation.reading import Line
from recontact.reconciliation.storing import NewStatement, statement_store
from templates_app.models import Template, TemplateStatus
from templates_app.selectors import content_hash

_sequence = itertools.count(1)

#: By market: marketing, and what everything else costs.
PRICES = {"AR": ("0.0618", "0.0260"), "other": ("0.0604", "0.0077")}

CREDENTIALS = {"access_token": "test-token", "app_secret": "test-app-secret", "verify_token": "test-verify-token"}

RETOMAR_TURNO: list[JsonObject] = [
    {
        "type": "BODY",
        "text": "Hola {{1}}, soy {{2}} de Clínica Sur. Retomo tu consulta: tenemos lugar el {{3}}. ¿Te lo reservo?",
        "example": {"body_text": [["Carla", "Ana", "viernes 21, 15:30 h"]]},
    },
    {"type": "FOOTER", "text": "Respondé BAJA para no recibir más"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Sí, reservar"},
            {"type": "QUICK_REPLY", "text": "Ver otros horarios"},
        ],
    },
]


def account_make(*, name: str = "", provider: str = "meta", external_id: str = "", **fields: Any) -> ProviderAccount:
    """An active provider account with credentials."""
    number = next(_sequence)
    fields.setdefault("credentials", credentials_encrypt(CREDENTIALS))
    return ProviderAccount.objects.create(
        name=name or f"Clínica Sur {number}",
        provider=provider,
        external_id=external_id or f"3019452263{number:05d}",
        **fields,
    )


def sender_number_make(*, account: ProviderAccount | None = None, phone: str = "", **fields: Any) -> SenderNumber:
    """An active sender number of `account` (a new one when not given)."""
    number = next(_sequence)
    fields.setdefault("external_id", f"1065401726{number:05d}")
    return SenderNumber.objects.create(
        account=account or account_make(), phone=phone or f"+5411400{number:05d}", **fields
    )


def template_make(
    *,
    account: ProviderAccount | None = None,
    name: str = "retomar_turno",
    language: str = "es_AR",
    category: str = Template.Category.UTILITY,
    status: str = TemplateStatus.APPROVED,
    components: list[JsonObject] | None = None,
    parameter_format: str = "POSITIONAL",
    **fields: Any,
) -> Template:
    """An approved utility template: "Hola {{1}}, soy {{2}} ... {{3}}. ¿Te lo reservo?" with two quick replies."""
    shown = RETOMAR_TURNO if components is None else components
    fields.setdefault("external_id", f"12748300445{next(_sequence):05d}")
    return Template.objects.create(
        account=account or account_make(),
        name=name,
        language=language,
        category=category,
        status=status,
        components=shown,
        parameter_format=parameter_format,
        content_hash=content_hash(shown, parameter_format),
        **fields,
    )


def rate_card_make(
    *,
    account: ProviderAccount,
    currency: str = "USD",
    prices: Mapping[str, tuple[str, str]] | None = None,
    is_published: bool = True,
    **fields: Any,
) -> RateCard:
    """A rate card in force: Argentina utility 0.0260 and marketing 0.0618, everywhere else 0.0077 and 0.0604."""
    fields.setdefault("valid_from", timezone.now() - timedelta(days=30))
    card = RateCard.objects.create(account=account, name="Tarifario 2026", currency=currency, **fields)
    Rate.objects.bulk_create(
        Rate(
            card=card,
            market=market,
            category=category,
            price=Decimal(marketing if category == Category.MARKETING else utility),
        )
        for market, (marketing, utility) in (prices or PRICES).items()
        for category in Category.values
    )
    if is_published:
        card_publish(card.pk)
        card.refresh_from_db()
    return card


def prices_set(price: str, *, account: ProviderAccount | None = None) -> None:
    """From now on everything costs this, by a card that takes over at each account (or at one)."""
    for each in [account] if account is not None else ProviderAccount.objects.all():
        rate_card_make(account=each, valid_from=timezone.now(), prices={"other": (price, price)})


def prices_end() -> None:
    """From now on no card is in force anywhere."""
    RateCard.objects.filter(valid_to=None).update(valid_to=timezone.now())


def user_make(
    *, username: str = "", permissions: Iterable[str] = (), teams: Iterable[Team] = (), **fields: Any
) -> User:
    """An active user with exactly these permissions ("app.codename")."""
    number = next(_sequence)
    fields.setdefault("first_name", "Ana")
    user = User.objects.create_user(username or f"ana{number}", f"ana{number}@example.com", "clave-segura-1", **fields)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    for team in teams:
        team.members.add(user)
    return user


def customer_make(*, phone: str = "", name: str = "Carla Benítez", **fields: Any) -> Customer:
    """A customer in Argentina whose last two digits (00) make the simulator deliver and read."""
    number = next(_sequence)
    customer = customer_identify(phone=phone or f"+54911{number:06d}00", name=name)
    for field, value in fields.items():
        setattr(customer, field, value)
    if fields:
        customer.save()
    return customer


def query_make(*, customer: Customer | None = None, sender_number: SenderNumber | None = None, **fields: Any) -> Query:
    """A pending query, its customer silent for two days, at a number whose account has prices."""
    if sender_number is None:
        sender_number = sender_number_make()
        rate_card_make(account=sender_number.account)
    fields.setdefault("origin", Query.Origin.INBOUND)
    fields.setdefault("activity_at", timezone.now() - timedelta(days=2))
    return Query.objects.create(customer=customer or customer_make(), sender_number=sender_number, **fields)


def budget_make(*, amount: str = "100.00", currency: str = "USD", **fields: Any) -> Budget:
    """An active monthly budget for everything that stops at its limit. It counts what is queued from now on."""
    fields.setdefault("name", "Presupuesto del mes")
    return Budget.objects.create(amount=Decimal(amount), currency=currency, **fields)


def statement_make(account_id: int, **fields: Any) -> Statement:
    """An invoice of October 2026 with one line of a message in Argentina, compared."""
    number = next(_sequence)
    told: dict[str, Any] = {
        "kind": Statement.Kind.INVOICE,
        "source": Statement.Source.FILE,
        "currency": "USD",
        "first_day": date(2026, 10, 1),
        "last_day": date(2026, 10, 31),
        "zone": "UTC",
        "counted_by": Statement.CountedBy.DELIVERED,
        "digest": f"{number:064d}",
        "number": f"F-{number}",
    }
    line = Line(2, date(2026, 10, 3), "AR", "utility", 1, Decimal("0.026"))
    return statement_store(NewStatement(account_id=account_id, **{**told, **fields}), [line])


VALUES = {"body.1": "Carla", "body.2": "Ana", "body.3": "viernes 21, 15:30 h"}


def message_make(*, query: Query | None = None, template: Template | None = None, user: User | None = None) -> Message:
    """A queued recontact of `query`, through the outbox."""
    query = query or query_make()
    template = template or template_make(account=query.sender_number.account)
    return query_recontact(query_id=query.pk, template_id=template.pk, values=VALUES, user=user, send_key=None)


def campaign_make(
    *,
    sender_number: SenderNumber | None = None,
    template: Template | None = None,
    recipients: int = 0,
    digits: str = "00",
    **fields: Any,
) -> Campaign:
    """A planned campaign from a file, with that many ready recipients; `digits` end their phones."""
    if sender_number is None:
        sender_number = sender_number_make(account=template.account if template is not None else None)
        rate_card_make(account=sender_number.account)
    template = template or template_make(account=sender_number.account)
    fields.setdefault("state", Campaign.State.PLANNED)
    campaign = Campaign.objects.create(
        name="Turnos de noviembre",
        source=Campaign.Source.FILE,
        template=template,
        template_hash=template.content_hash,
        category=template.category,
        sender_number=sender_number,
        created_by=fields.pop("created_by", None) or user_make(),
        **fields,
    )
    recipients_make(campaign=campaign, count=recipients, digits=digits)
    return campaign


def recipients_make(*, campaign: Campaign, count: int, digits: str = "00", **fields: Any) -> list[CampaignRecipient]:
    """That many more recipients of the campaign, ready to be sent to unless `fields` say otherwise."""
    first = campaign.recipients.count() + 1
    fields.setdefault("outcome", CampaignRecipient.Outcome.READY)
    return CampaignRecipient.objects.bulk_create(
        CampaignRecipient(
            campaign=campaign,
            row_number=row,
            **{"phone": f"+54911{next(_sequence):06d}{digits}", "values": VALUES, "name": "Carla", **fields},
        )
        for row in range(first, first + count)
    )

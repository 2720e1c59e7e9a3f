"""Usage asked of the four providers that tell it, from what the simulator really accepted and charged, to the comparison."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from providers.contracts import UsageEvent
from providers.credentials import credentials_encrypt
from providers.http import close_client
from providers.inbox import delivery_process
from providers.models import ProviderCall, RateFee, WebhookDelivery
from providers.rates.publishing import card_publish
from providers.usage import Usage, UsageRow
from recontact.dispatch.pump import Pump
from recontact.models import Message, Statement, UsagePull
from recontact.reconciliation.pulling import CannotPull, pull_ask, pull_refused, pull_run, pulls_run, usage_apply
from tests.factories import (
    RETOMAR_TURNO,
    account_make,
    customer_make,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
)
from tests.providers.simulator.conftest import simulator_process
from tests.providers.simulator.server import SimulatorProcess, until

__all__ = ["simulator_process"]

TODAY = datetime.now(UTC).date()
APP = "0f8fad5b-d9cb-469f-a165-70867728950e"
SID = "AC" + "0" * 32
CREDENTIALS: dict[str, dict[str, str]] = {
    "meta": {"access_token": "tok", "app_secret": "sec", "verify_token": "v", "graph_version": "v25.0"},
    "twilio": {"auth_token": "tok"},
    "infobip": {"api_key": "tok"},
    "gupshup": {"api_key": "tok", "app_name": "Turnos", "app_number": "5491155550199", "partner_app_token": "par"},
}
SETTINGS: dict[str, dict[str, str]] = {
    "gupshup": {"app_id": APP, "app_name": "Turnos", "partner_app_token": "par"},
    "twilio": {"account_sid": SID},
}
EXTERNAL = {"meta": "301945226309999", "twilio": SID, "infobip": "infobip-1", "gupshup": APP}
#: What each takes for a message beside Meta's price.
FEES = {"twilio": "0.005", "gupshup": "0.001"}
PRICES = {"AR": ("0.0618", "0.0260"), "CL": ("0.0889", "0.0200"), "other": ("0.0604", "0.0077")}


class Side:
    """One account that portal and simulator both know, its prices, and what was sent through it."""

    def __init__(self, simulator: SimulatorProcess, slug: str, base: str = "http://127.0.0.1:9") -> None:
        self.simulator, self.slug = simulator, slug
        self.account = account_make(
            provider=slug,
            external_id=EXTERNAL[slug],
            time_zone="UTC",
            credentials=credentials_encrypt(CREDENTIALS[slug]),
        )
        self._prices()
        self.number = sender_number_make(account=self.account, external_id="5491155550199", phone="+5491155550199")
        self.templates = {
            category: template_make(
                account=self.account, name=f"aviso_{category}", category=category, external_id=_template_id(slug, place)
            )
            for place, category in enumerate(("utility", "marketing"))
        }
        simulator.post("reset", world=True)
        own = {"waba_id": EXTERNAL[slug], "provider": slug, "token": "tok", "app_secret": "sec", "verify_token": "v"}
        webhook = base + self.account.webhook_path
        simulator.post(
            "seed",
            accounts=[{**own, "webhook_url": webhook, "settings": SETTINGS.get(slug, {})}],
            numbers=[
                {
                    "phone_number_id": "5491155550199",
                    "waba_id": EXTERNAL[slug],
                    "display_phone_number": "+5491155550199",
                }
            ],
            templates=[
                {
                    "id": template.external_id,
                    "waba_id": EXTERNAL[slug],
                    "name": template.name,
                    "language": template.language,
                    "category": template.category.upper(),
                    "components": RETOMAR_TURNO,
                }
                for template in self.templates.values()
            ],
        )
        simulator.knobs(webhook_delay_ms=10, retry_base_ms=20, enforce_limits=False)

    def _prices(self) -> None:
        card = rate_card_make(account=self.account, prices=PRICES, is_published=False)
        if self.slug in FEES:
            RateFee.objects.create(card=card, kind=RateFee.Kind.PER_MESSAGE, value=Decimal(FEES[self.slug]))
        card_publish(card.pk)

    def sent(self, *, phone: str, category: str = "utility") -> Message:
        """A message that goes through the adapter to the simulator, and is delivered on both sides."""
        query = query_make(customer=customer_make(phone=phone), sender_number=self.number)
        return message_make(query=query, template=self.templates[category])

    def deliver(self) -> None:
        """Send what is queued, and let it be delivered."""
        asyncio.run(_slice())
        refused = Message.objects.exclude(state="accepted").values_list("state", "reason", "provider_detail")
        assert not refused, list(refused)
        counted = Message.objects.count()
        until(lambda: self.simulator.get("counts").get("charged", 0) == counted)
        now = timezone.now()
        Message.objects.update(state="delivered", billed=True, delivered_at=now, accepted_at=now)

    def asked(self) -> UsagePull:
        """The days around today, asked for by a worker."""
        pull = pull_ask(
            account=self.account, first=TODAY - timedelta(days=40), last=TODAY + timedelta(days=1), user_id=None
        )
        assert pulls_run() == 1
        pull.refresh_from_db()
        return pull


def _template_id(slug: str, place: int) -> str:
    return f"HX{place:032d}" if slug == "twilio" else str(1274830044500001 + place)


async def _slice() -> bool:
    try:
        return await Pump("test", lambda: False, idle_seconds=0.1).run(15)
    finally:
        await close_client()


@pytest.fixture
def side(transactional_db: None, simulator_process: SimulatorProcess, settings: Settings) -> Callable[..., Side]:
    settings.PROVIDER_TIMEOUT_SECONDS = 5.0
    settings.PROVIDER_BASE_URLS = {
        slug: simulator_process.url + ("" if slug == "meta" else f"/{slug}") for slug in CREDENTIALS
    }
    return lambda slug, base="http://127.0.0.1:9": Side(simulator_process, slug, base)


def three_sent(side: Side) -> None:
    side.sent(phone="+5491155551100")
    side.sent(phone="+5491155551200", category="marketing")
    side.sent(phone="+56911555513 00".replace(" ", ""))
    side.deliver()


def _answers(pull: UsagePull) -> list[int]:
    """The webhooks that answer it."""
    stored = WebhookDelivery.objects.values_list("pk", "body")
    return [pk for pk, body in stored if pull.request_id.encode() in bytes(body)]


def outcomes(statement: Statement | None) -> dict[tuple[str, str], tuple[str, Decimal | None]]:
    assert statement is not None
    rows = statement.comparison.rows.order_by("market", "category")
    return {(row.market, row.category): (row.status, row.their_amount) for row in rows}


def test_metas_analytics_agree_with_what_it_delivered_by_day_country_and_category(side: Callable[..., Side]) -> None:
    meta = side("meta")
    three_sent(meta)

    pull = meta.asked()

    assert (pull.state, pull.problem) == ("done", "")
    assert outcomes(pull.statement) == {
        ("AR", "marketing"): ("agreed", Decimal("0.0618")),
        ("AR", "utility"): ("agreed", Decimal("0.026")),
        ("CL", "utility"): ("agreed", Decimal("0.02")),
    }
    assert pull.statement is not None
    assert (pull.statement.kind, pull.statement.source, pull.statement.currency) == ("usage", "pull", "USD")


def test_behind_a_partners_credit_line_meta_tells_counts_alone(side: Callable[..., Side]) -> None:
    meta = side("meta")
    three_sent(meta)
    meta.simulator.post(f"accounts/{meta.account.external_id}", partner_credit=True)

    statement = meta.asked().statement

    assert statement is not None
    assert (statement.has_amounts, statement.total, statement.count) == (False, None, 3)
    assert {status for status, _amount in outcomes(statement).values()} == {"agreed"}


def test_twilios_records_agree_with_metas_prices_and_its_own_fee_apart(side: Callable[..., Side]) -> None:
    twilio = side("twilio")
    three_sent(twilio)

    pull = twilio.asked()

    assert (pull.state, pull.problem) == ("done", "")
    assert outcomes(pull.statement) == {
        ("", "fee"): ("agreed", Decimal("0.015")),
        ("", "marketing"): ("agreed", Decimal("0.0618")),
        ("", "utility"): ("agreed", Decimal("0.046")),
    }


def test_gupshups_totals_agree_day_by_day(side: Callable[..., Side]) -> None:
    gupshup = side("gupshup")
    three_sent(gupshup)

    pull = gupshup.asked()

    assert (pull.state, pull.problem) == ("done", "")
    assert outcomes(pull.statement) == {("", ""): ("agreed", Decimal("0.1108"))}
    assert pull.statement is not None
    assert pull.statement.lines.get().detail == "marketing 1 · utility 2 · waFees 0.107800 · gsFees 0.003000"


def test_infobips_answer_comes_by_webhook_and_agrees(
    live_server: LiveServer, side: Callable[..., Side], settings: Settings
) -> None:
    settings.PUBLIC_URL = live_server.url
    infobip = side("infobip", live_server.url)
    three_sent(infobip)

    pull = infobip.asked()
    assert (pull.state, pull.statement) == ("asked", None)
    until(lambda: bool(_answers(pull)))
    delivery_process(_answers(pull)[0])

    pull.refresh_from_db()
    assert (pull.state, pull.problem) == ("done", "")
    assert outcomes(pull.statement) == {
        ("AR", "marketing"): ("agreed", Decimal("0.0618")),
        ("AR", "utility"): ("agreed", Decimal("0.026")),
        ("CL", "utility"): ("agreed", Decimal("0.02")),
    }


def test_a_new_pull_takes_the_place_of_the_one_before(side: Callable[..., Side]) -> None:
    meta = side("meta")
    three_sent(meta)
    first = meta.asked().statement

    second = meta.asked().statement

    assert first is not None
    assert second is not None
    first.refresh_from_db()
    assert (first.withdrawn_why, second.withdrawn_at) == ("It was asked anew.", None)


@pytest.mark.django_db
def test_a_passing_failure_is_tried_again_and_another_is_said_in_words(
    simulator_process: SimulatorProcess, settings: Settings
) -> None:
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:9"}
    meta = account_make(credentials=credentials_encrypt(CREDENTIALS["meta"]))
    pull = pull_ask(account=meta, first=TODAY, last=TODAY, user_id=None)
    with pytest.raises(CannotPull, match="already"):
        pull_ask(account=meta, first=TODAY, last=TODAY, user_id=None)

    for tries in range(1, 6):
        UsagePull.objects.update(due_at=timezone.now())
        assert pull_run(pull.pk)
        pull.refresh_from_db()
        assert (pull.tries, pull.state) == (tries, "failed" if tries == 5 else "waiting")
        assert pull.problem
    assert not pull_run(pull.pk)
    assert ProviderCall.objects.filter(purpose="usage").count() == 5

    settings.PROVIDER_BASE_URLS = {"meta": simulator_process.url}
    refused = pull_ask(account=meta, first=TODAY, last=TODAY, user_id=None)
    pull_run(refused.pk)
    refused.refresh_from_db()
    assert (refused.state, refused.tries) == ("failed", 1)
    assert not Statement.objects.exists()


@pytest.mark.django_db
def test_who_has_no_such_service_or_lacks_its_credential_is_told_so() -> None:
    for provider, credentials in (("vonage", {}), ("gupshup", {"api_key": "k"})):
        account = account_make(provider=provider, credentials=credentials_encrypt(credentials))
        assert pull_refused(account)
        with pytest.raises(CannotPull):
            pull_ask(account=account, first=TODAY, last=TODAY, user_id=None)
    secret = {**CREDENTIALS["infobip"], "webhook_secret": "word"}
    infobip = account_make(provider="infobip", credentials=credentials_encrypt(secret))
    pull = pull_ask(account=infobip, first=TODAY, last=TODAY, user_id=None)
    pull_run(pull.pk)
    pull.refresh_from_db()
    assert (pull.state, "secret" in pull.problem) == ("failed", True)


@pytest.mark.django_db
def test_an_answer_that_fails_comes_late_or_is_of_other_days_stores_nothing() -> None:
    account = account_make(provider="infobip", credentials=credentials_encrypt(CREDENTIALS["infobip"]))

    def asked(**fields: Any) -> UsagePull:
        told = {"state": "asked", "request_id": "R1", "due_at": timezone.now() + timedelta(hours=1), **fields}
        return UsagePull.objects.create(account=account, first_day=TODAY, last_day=TODAY, **told)

    def problem(pull: UsagePull) -> str:
        pull.refresh_from_db()
        assert pull.state == "failed"
        return pull.problem

    failed = asked()
    usage_apply(account.pk, UsageEvent("R1", problem="Quota exceeded"))
    assert problem(failed) == "Quota exceeded"
    other_days = asked()
    row = UsageRow(TODAY - timedelta(days=9), "AR", "utility", 1, Decimal(1))
    usage_apply(account.pk, UsageEvent("R1", Usage("USD", "UTC", "sent", [row])))
    assert "other days" in problem(other_days)
    late = asked(due_at=timezone.now())
    pulls_run()
    assert "within a day" in problem(late)
    usage_apply(account.pk, UsageEvent("R1", Usage("USD", "UTC", "sent", [])))
    assert not Statement.objects.exists()


@pytest.mark.django_db
def test_an_answer_faster_than_its_own_id_is_taken() -> None:
    account = account_make(provider="infobip", credentials=credentials_encrypt(CREDENTIALS["infobip"]))
    pull = pull_ask(account=account, first=TODAY, last=TODAY, user_id=None)
    UsagePull.objects.update(tries=1)

    usage_apply(account.pk, UsageEvent("R9", Usage("USD", "UTC", "sent", [])))

    pull.refresh_from_db()
    assert pull.state == "done"


@pytest.mark.django_db
def test_a_question_that_takes_its_worker_down_each_time_is_given_up() -> None:
    account = account_make(credentials=credentials_encrypt(CREDENTIALS["meta"]))
    pull = pull_ask(account=account, first=TODAY, last=TODAY, user_id=None)
    UsagePull.objects.update(tries=5)

    pulls_run()

    pull.refresh_from_db()
    assert (pull.state, "worker's log" in pull.problem) == ("failed", True)


@pytest.mark.django_db
def test_a_negative_amount_is_kept_as_a_credit_that_lowers_its_day_and_counts_no_messages() -> None:
    account = account_make(provider="infobip", credentials=credentials_encrypt(CREDENTIALS["infobip"]))
    pull = pull_ask(account=account, first=TODAY, last=TODAY, user_id=None)
    UsagePull.objects.update(tries=1)
    rows = [UsageRow(TODAY, "AR", "utility", 3, Decimal(1)), UsageRow(TODAY, "AR", "utility", 1, Decimal("-0.4"))]

    usage_apply(account.pk, UsageEvent("R9", Usage("USD", "UTC", "sent", rows)))

    pull.refresh_from_db()
    assert pull.statement is not None
    assert (pull.statement.total, pull.statement.count) == (Decimal("0.6"), 3)
    assert list(pull.statement.lines.values_list("amount", "count", "is_credit")) == [
        (Decimal(1), 3, False),
        (Decimal("-0.4"), None, True),
    ]
    row = pull.statement.comparison.rows.get()
    assert (row.their_count, row.their_amount) == (3, Decimal("0.6"))

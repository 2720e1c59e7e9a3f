"""The sample data of `make demo`, made against a real simulator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pgtrigger
import phonenumbers
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.transaction import atomic, set_rollback
from django.test import override_settings

from customer_service.models import InboundMessage
from hsm_portal.demo_data.accounts import SOURCE
from hsm_portal.demo_data.addresses import PROVIDER, provider_urls
from hsm_portal.demo_data.invoice import NUMBER
from hsm_portal.demo_data.provider_accounts import samples_here
from hsm_portal.demo_data.providers import PROBES, SAMPLES
from hsm_portal.demo_data.users import PASSWORD
from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.models import Category, ProviderAccount, Rate, RateCard, SenderNumber
from providers.registry import adapter_class, adapter_paths
from providers.simulator.outcomes import OUTCOMES
from recontact.clock import database_now
from recontact.dispatch.settlement import settle_from
from recontact.models import (
    Attempt,
    CostEntry,
    Customer,
    Message,
    MessageEvent,
    OptOut,
    Query,
    Recontact,
    ServiceWindow,
    Statement,
    Subscription,
)
from recontact.search import customers_matching
from recontact.states import MessageState
from templates_app.components import BUTTON_KINDS, HEADER_KINDS
from templates_app.models import Template, TemplateStatus
from templates_app.selectors import template_blockers, template_parsed
from tests.providers.simulator.server import SimulatorProcess

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    process = SimulatorProcess(tmp_path_factory.mktemp("simulator"))
    yield process
    process.stop()


def demo_data(*options: str) -> str:
    output = StringIO()
    call_command("demo_data", *options, stdout=output)
    return output.getvalue()


@pytest.fixture(scope="module")
def sample(simulator: SimulatorProcess, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The sample data without what happens live, made once for this module; what the command says."""
    with django_db_blocker.unblock(), override_settings(PROVIDER_BASE_URLS=provider_urls(simulator.url)), atomic():
        yield demo_data("--offline")
        set_rollback(True)


def everything() -> dict[str, list[Any]]:
    """All rows of the portal's own models."""
    names = ("providers", "templates_app", "recontact", "customer_service", "hsm_portal")
    models = [model for name in names for model in apps.get_app_config(name).get_models(include_auto_created=True)]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


def test_it_is_as_large_as_promised(sample: str) -> None:
    counts = [model.objects.count() for model in (ProviderAccount, SenderNumber, Customer, Query)]
    assert counts == [2 + len(SAMPLES), 3 + len(SAMPLES), 200, 300]
    assert Customer.objects.values("country").distinct().count() == 6
    assert Template.objects.filter(account__provider=PROVIDER).count() == 21


def test_a_second_run_changes_nothing(sample: str) -> None:
    before = everything()
    assert demo_data("--offline") == sample
    assert everything() == before


def test_the_books_agree(sample: str) -> None:
    output = StringIO()
    call_command("check_ledger", stdout=output)
    assert "agree" in output.getvalue()


def test_templates_show_every_status_but_those_that_only_a_webhook_or_the_portal_brings(sample: str) -> None:
    assert set(Template.objects.values_list("status", flat=True)) == set(TemplateStatus.values) - {"DELETED", "DRAFT"}


def test_templates_show_every_kind_of_component(sample: str) -> None:
    parsed = [template_parsed(template) for template in Template.objects.all()]
    buttons = {button.kind for template in parsed for button in template.buttons}
    assert {template.header.kind for template in parsed} == set(HEADER_KINDS)
    assert buttons == set(BUTTON_KINDS)
    assert {template.named for template in parsed} == {True, False}
    for part in ("footer", "cards", "limited_time_offer", "unknown"):
        assert any(getattr(template, part) for template in parsed), part


def test_languages_are_mostly_of_argentina(sample: str) -> None:
    main = Template.objects.filter(account__provider=PROVIDER)
    languages = Counter(main.values_list("language", flat=True))
    assert (languages["pt_BR"], languages["es_MX"], languages["en"]) == (1, 1, 1)
    assert languages["es_AR"] == 18


def test_phones_are_valid_and_mostly_of_plain_outcome(sample: str) -> None:
    phones = [phone for phone in Customer.objects.values_list("phone", flat=True) if phone]
    invalid = [phone for phone in phones if not phonenumbers.is_valid_number(phonenumbers.parse(phone))]
    assert invalid == []
    special = [phone for phone in phones if phone[-2:] in OUTCOMES]
    assert 15 <= len(special) <= 35


def test_some_customers_are_known_by_their_user_id_alone_and_some_opted_out(sample: str) -> None:
    assert Customer.objects.filter(phone=None, bsuid__isnull=False).count() == 10
    assert Counter(OptOut.objects.values_list("scope", flat=True)) == {"marketing": 8, "all": 4}


def test_customers_are_found_by_name_and_by_phone(sample: str) -> None:
    customer = Customer.objects.exclude(phone=None).order_by("pk")[0]
    assert customer in customers_matching(customer.name)
    assert customer in customers_matching(customer.phone or "")


def test_queries_are_in_all_states_and_ages(sample: str) -> None:
    now = database_now()
    states = Counter(Query.objects.values_list("state", flat=True))
    assert all(states[state] >= 50 for state in Query.State.values)
    assert Query.objects.filter(created_at__gt=now - timedelta(days=1)).count() >= 10
    assert Query.objects.filter(created_at__lt=now - timedelta(days=30)).count() >= 10
    assert set(Query.objects.values_list("origin", flat=True)) == set(Query.Origin.values)


def test_windows_are_open_on_both_sides(sample: str, simulator: SimulatorProcess) -> None:
    windows = ServiceWindow.objects.filter(expires_at__gt=database_now())
    assert windows.count() >= 20
    window = windows.select_related("customer", "sender_number__account").order_by("-expires_at")[0]
    answer = simulator.graph.post(
        f"{window.sender_number.external_id}/messages",
        headers={"Authorization": f"Bearer demo-token-{window.sender_number.account.external_id}"},
        json={
            "messaging_product": "whatsapp",
            **({"to": window.customer.phone} if window.customer.phone else {"recipient": window.customer.bsuid}),
            "type": "text",
            "text": {"body": "Hola"},
        },
    )
    assert answer.status_code == 200, answer.text


def test_messages_fill_each_of_the_last_fourteen_days(sample: str) -> None:
    now = database_now()
    ages = {(now - at).days for at in Message.objects.values_list("created_at", flat=True)}
    assert set(range(14)) <= ages
    assert not Message.objects.filter(created_at__gt=now).exists()


def test_messages_are_in_every_state_that_stays(sample: str) -> None:
    passing = {MessageState.QUEUED, MessageState.SENDING, MessageState.ACCEPTED}
    assert set(Message.objects.values_list("state", flat=True)) == set(MessageState) - passing


def test_no_moment_lies_in_the_future_or_before_what_it_follows(sample: str) -> None:
    now = database_now()
    names = ("created_at", "claimed_at", "accepted_at", "sent_at", "delivered_at", "read_at", "settled_at")
    for row in Message.objects.values_list(*names):
        moments = [moment for moment in row if moment is not None]
        assert moments == sorted(moments)
        assert moments[-1] <= now + timedelta(seconds=5)


def test_one_message_without_certainty_can_be_settled_and_one_not_yet(sample: str) -> None:
    now = database_now()
    found = Message.objects.filter(state=MessageState.UNCERTAIN).order_by("created_at")
    assert [settle_from(message) <= now for message in found] == [True, False]


def test_nothing_is_left_without_what_it_belongs_to(sample: str) -> None:
    assert not MessageEvent.objects.filter(message=None).exists()
    assert not Message.objects.filter(cost_entries=None).exists()
    assert not Message.objects.filter(attempt_number__gt=0, attempts=None).exists()
    assert not Query.objects.filter(events=None).exists()
    assert not Query.objects.filter(messages=None, inbound_messages=None).exists()
    answered = InboundMessage.objects.exclude(context_message_id="").values_list("context_message_id", flat=True)
    known = set(Message.objects.values_list("provider_message_id", flat=True))
    assert answered.count() > 20
    assert set(answered) <= known


def test_each_recontact_is_a_message_of_its_query_after_the_window_closed(sample: str) -> None:
    rows = Recontact.objects.select_related("query", "message")
    assert Counter(row.state for row in rows).keys() == {"reserved", "spent", "released"}
    for row in rows:
        before = row.query.inbound_messages.filter(occurred_at__lt=row.reserved_at).order_by("-occurred_at").first()
        assert before is None or row.reserved_at - before.occurred_at >= timedelta(hours=24)


def test_kept_attempts_hold_no_phone(sample: str) -> None:
    phones = [
        phone.lstrip("+") for phone in Customer.objects.exclude(phone=None).values_list("phone", flat=True) if phone
    ]
    kept = " ".join(str(pair) for pair in Attempt.objects.values_list("request", "response"))
    assert "retomar_turno" in kept
    assert not any(phone in kept for phone in phones)


def test_rate_cards_are_samples_with_all_categories_and_say_where_they_come_from(sample: str) -> None:
    cards = RateCard.objects.all()
    assert {card.is_sample for card in cards} == {True}
    assert {card.source for card in cards.filter(account__provider=PROVIDER)} == {SOURCE}
    assert all(re.search(r"noviembre de 2026", card.source) for card in cards)
    latest = Rate.objects.filter(card__valid_from__month=10, market="AR", card__account__name="Clínica Sur")
    prices = {str(rate.category): str(rate.price) for rate in latest}
    assert prices == {
        Category.MARKETING: "0.061800",
        Category.UTILITY: "0.026000",
        Category.AUTHENTICATION: "0.026000",
        Category.SERVICE: "0.026000",
    }


def test_every_provider_has_an_account_with_a_number_prices_and_three_templates(sample: str) -> None:
    accounts = {account.provider: account for account in ProviderAccount.objects.exclude(provider=PROVIDER)}
    assert accounts.keys() == {each.slug for each in SAMPLES} == adapter_paths().keys() - {PROVIDER}
    for slug, account in accounts.items():
        approved = account.templates.filter(status=TemplateStatus.APPROVED)
        categories = Counter(approved.values_list("category", flat=True))
        assert (slug, categories) == (slug, {"utility": 2, "marketing": 1})
        assert [template_blockers(template) for template in approved] == [[], [], []]
        assert (account.numbers.count(), account.rate_cards.count()) == (1, 1)
        assert account.name.startswith("Grupo Sur · ")


def test_the_samples_credentials_are_what_the_adapters_ask_for(sample: str) -> None:
    for each in SAMPLES:
        declared = adapter_class(each.slug).credential_fields
        assert each.credentials.keys() <= {field.name for field in declared}
        assert {field.name for field in declared if field.required} <= each.credentials.keys()


@pytest.mark.parametrize(("slug", "value", "fee"), [("twilio", "0.005000", "0,005"), ("gupshup", "0.001000", "0,001")])
def test_a_providers_own_fee_stands_beside_metas_prices_and_is_named(
    sample: str, slug: str, value: str, fee: str
) -> None:
    rate = Rate.objects.select_related("card").get(card__account__provider=slug, market="AR", category=Category.UTILITY)
    assert (str(rate.price), str(rate.card.fees.get(kind="per_message").value)) == ("0.026000", value)
    assert f"US$ {fee}" in rate.card.source


def test_who_gets_the_first_hsms_has_a_phone_that_ends_in_the_outcome() -> None:
    assert all(phone.endswith(digits) and digits in OUTCOMES for digits, (phone, _name) in PROBES.items())
    assert {digits for each in SAMPLES for digits in each.fates} <= PROBES.keys()


#: What keeps published cards and their prices.
PUBLISHED = (
    "providers.RateCard:rate_card_published_kept",
    "providers.Rate:rate_of_published_card",
    "providers.RateFee:fee_of_published_card",
)


def test_an_account_that_is_missing_is_made_at_the_next_start(sample: str) -> None:
    with atomic():
        account = ProviderAccount.objects.get(provider="zenvia")
        with pgtrigger.ignore(*PUBLISHED):
            for kind in (Template, SenderNumber, RateCard):
                kind.objects.filter(account=account).delete()
        account.delete()
        demo_data("--offline")
        assert Template.objects.filter(account__provider="zenvia", status="APPROVED").count() == 3
        set_rollback(True)


def test_accounts_without_a_simulated_provider_are_not_made(sample: str) -> None:
    with override_settings(PROVIDER_BASE_URLS={PROVIDER: "http://127.0.0.1:1", "twilio": "http://127.0.0.1:1"}):
        assert [each.slug for each in samples_here()] == ["twilio"]


def test_what_was_delivered_is_reported_at_its_price(sample: str) -> None:
    delivered = Message.objects.filter(state__in=[MessageState.DELIVERED, MessageState.READ])
    reports = CostEntry.objects.filter(kind=CostEntry.Kind.REPORT)
    assert reports.count() == delivered.count() > 300


def test_the_invoice_of_last_month_is_named_a_sample_and_shows_every_kind_of_row(sample: str) -> None:
    invoice = Statement.objects.select_related("account", "comparison").get()
    assert invoice.number == NUMBER
    assert "muestra" in invoice.file_name
    last = database_now().astimezone(invoice.account.zone).date().replace(day=1) - timedelta(days=1)
    assert (invoice.first_day, invoice.last_day) == (last.replace(day=1), last)
    found = Counter(invoice.comparison.rows.values_list("status", flat=True))
    assert (found["differing"], found["missing_here"], found["missing_there"]) == (1, 1, 1)
    assert found["agreed"] >= 2


def test_the_sample_subscription_is_paused_so_that_nothing_leaves_the_demo(sample: str) -> None:
    subscription = Subscription.objects.get()
    assert subscription.state == Subscription.State.PAUSED
    assert subscription.url.split("/")[2].endswith(".example")


@pytest.mark.parametrize("role", list(Role))
def test_somebody_has_the_role_and_can_log_in(sample: str, role: Role) -> None:
    user = User.objects.filter(groups__name=role.value).first()
    assert user is not None
    assert user.check_password(PASSWORD)
    assert user.username in sample
    assert PASSWORD in sample

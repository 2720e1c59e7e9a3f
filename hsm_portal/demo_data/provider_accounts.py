"""The sample accounts at the other providers: made once each, with templates by the real sync, and a few HSMs sent live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from hsm_portal.demo_data.accounts import CURRENT_CARD, CURRENT_SINCE, PORTFOLIO_ID, TIME_ZONE, rate_card_make
from hsm_portal.demo_data.provider_templates import LANGUAGE, UTILITY, text_of, variable_keys
from hsm_portal.demo_data.providers import PROBES, SAMPLES, ProviderSample
from hsm_portal.demo_data.simulator import Simulator
from hsm_portal.models import User
from providers.contracts import JsonObject
from providers.credentials import credentials_encrypt
from providers.models import Portfolio, ProviderAccount, SenderNumber
from recontact.models import Message
from recontact.outbox import hsm_send
from recontact.refusals import SendRefused
from templates_app.drafts import Draft
from templates_app.hand import HandEntry, template_enter_by_hand
from templates_app.models import Template
from templates_app.sync import templates_sync

SEND_KEY = "sample-provider-"


def samples_here() -> tuple[ProviderSample, ...]:
    """Those whose provider is simulated here: an account without a simulator would call the real one."""
    return tuple(sample for sample in SAMPLES if settings.PROVIDER_BASE_URLS.get(sample.slug))


def accounts_complete(*, samples: Sequence[ProviderSample]) -> None:
    """Make the accounts that are missing. Raises ProviderCallError when a provider gives no list of its templates."""
    ids = [sample.external_id for sample in samples]
    known = set(ProviderAccount.objects.filter(external_id__in=ids).values_list("provider", "external_id"))
    for sample in samples:
        if (sample.slug, sample.external_id) not in known:
            _account_make(sample)


@transaction.atomic
def _account_make(sample: ProviderSample) -> None:
    account = ProviderAccount.objects.create(
        name=sample.name,
        provider=sample.slug,
        external_id=sample.external_id,
        credentials=credentials_encrypt(sample.credentials),
        time_zone=TIME_ZONE,
    )
    SenderNumber.objects.create(
        account=account,
        portfolio=Portfolio.objects.filter(external_id=PORTFOLIO_ID).first(),
        phone=sample.phone,
        display_name=sample.name,
        external_id=sample.number_external_id,
        quality=SenderNumber.Quality.GREEN,
    )
    rate_card_make(account=account, name=CURRENT_CARD, valid_from=CURRENT_SINCE, source=sample.source)
    if sample.listed:
        templates_sync(account_id=account.pk)
        return
    for template in sample.templates:
        template_enter_by_hand(account_id=account.pk, draft=_draft(template), entry=HandEntry(), user=manager())


def _draft(template: JsonObject) -> Draft:
    """The seed's template as the Manager writes down one of a provider that gives no list: a text and its category."""
    name = str(template["name"])
    return Draft(
        name=name,
        language=LANGUAGE,
        category=str(template["category"]).lower(),
        body=text_of(name, named=False),
        samples=variable_keys(name, named=False),
    )


def manager() -> Any:
    """Who enters templates and sends."""
    return User.objects.get(username="manager")


def webhooks_point(*, samples: Sequence[ProviderSample], simulator: Simulator) -> None:
    """Give the simulator the portal's webhook address of each account. Raises SimulatorError."""
    for sample in samples:
        account = ProviderAccount.objects.get(provider=sample.slug, external_id=sample.external_id)
        url = sample.webhook_url(f"{settings.PUBLIC_URL}{account.webhook_path}")
        simulator.post(f"accounts/{sample.external_id}", webhook_url=url)


def first_hsms_send(*, samples: Sequence[ProviderSample]) -> int:
    """Send an HSM from each account that has sent none to each of its outcomes' phones. Returns how many."""
    return sum(_send(sample, digits) for sample in samples if not _sent(sample) for digits in sample.fates)


def _sent(sample: ProviderSample) -> bool:
    return Message.objects.filter(send_key__startswith=f"{SEND_KEY}{sample.slug}-").exists()


def _send(sample: ProviderSample, digits: str) -> bool:
    """Queue it as the Manager's send page would. False: it is refused, which the sample survives."""
    account = {"account__provider": sample.slug, "account__external_id": sample.external_id}
    template = Template.objects.get(name=UTILITY, language=LANGUAGE, **account)
    number = SenderNumber.objects.get(external_id=sample.number_external_id, **account)
    phone, name = PROBES[digits]
    try:
        hsm_send(
            phone=phone,
            name=name,
            sender_number_id=number.pk,
            template_id=template.pk,
            values=variable_keys(UTILITY, named=sample.named),
            user=manager(),
            send_key=f"{SEND_KEY}{sample.slug}-{digits}",
            origin=Message.Origin.MANAGER,
            open_query=False,
        )
    except SendRefused:
        return False
    return True

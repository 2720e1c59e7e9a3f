"""Each page of the Manager by each role: 200 shown, 403 refused, or on the way to the login."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from hsm_portal.roles import Role
from hsm_portal.users import user_create
from providers.models import ProviderCall, WebhookDelivery
from recontact.campaigns.filters import QueryFilter, filter_stored
from recontact.models import Attempt, Campaign, ComparisonRow, Incident, Message, OutgoingEvent, Recontact
from tests.factories import budget_make, message_make, statement_make, user_make
from tests.recontact.outgoing.receiver import subscription_make

pytestmark = pytest.mark.django_db

MANAGER, COORDINATOR, AGENT, OPS, ADMIN = Role.MANAGER, Role.COORDINATOR, Role.AGENT, Role.OPS, Role.ADMIN
STAFF = {MANAGER, COORDINATOR, OPS, ADMIN}

#: Address (with places for rows that exist) -> who sees it. Everybody else is refused; who is nobody goes to the login.
PAGES: dict[str, set[Role]] = {
    "/manager/": STAFF,
    "/manager/recontact/message/": STAFF,
    "/manager/recontact/message/{message}/change/": STAFF,
    "/manager/recontact/message/send/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/message/uncertain/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/message/{message}/settle/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/attempt/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/attempt/{attempt}/change/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/query/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/query/{query}/change/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/query/recontact/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/campaign/{campaign}/change/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/campaign/add/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/add/?of=queries": {MANAGER, ADMIN},
    "/manager/recontact/campaign/add/?of=customers": {MANAGER, ADMIN},
    "/manager/recontact/campaign/audience/?of=queries": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{filtered}/recipients/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{filtered}/review/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/campaign/{campaign}/retry/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/change/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/campaign/{draft}/recipients/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/variables/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/review/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/campaign/{draft}/review/rows/?outcome=ready&code=": {MANAGER, OPS, ADMIN},
    "/manager/recontact/campaign/{draft}/review/csv/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/sending/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/approval/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{campaign}/result/csv/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/costcell/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/costcell/file/csv/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/costcell/file/xlsx/?whole=1": {MANAGER, OPS, ADMIN},
    "/manager/recontact/statement/": {OPS, ADMIN},
    "/manager/recontact/statement/import/": {OPS, ADMIN},
    "/manager/recontact/statement/usage/": {OPS, ADMIN},
    "/manager/recontact/statement/{statement}/change/": {OPS, ADMIN},
    "/manager/recontact/statement/{statement}/row/{row}/": {OPS, ADMIN},
    "/manager/recontact/statement/{statement}/file/csv/": {OPS, ADMIN},
    "/manager/recontact/monthclosing/": {OPS, ADMIN},
    "/manager/recontact/monthclosing/{account}/2026-10/": {OPS, ADMIN},
    "/manager/recontact/budget/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/budget/add/": {OPS, ADMIN},
    "/manager/recontact/budget/{budget}/change/": {MANAGER, OPS, ADMIN},
    "/manager/recontact/exchangerate/": {OPS, ADMIN},
    "/manager/recontact/exchangerate/add/": {OPS, ADMIN},
    "/manager/recontact/recontact/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/recontact/{recontact}/change/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/incident/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/customer/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/customer/{customer}/change/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/team/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/dispatchswitch/": {MANAGER, ADMIN},
    "/manager/recontact/subscription/": {ADMIN},
    "/manager/recontact/subscription/add/": {ADMIN},
    "/manager/recontact/subscription/{subscription}/change/": {ADMIN},
    "/manager/recontact/outgoingevent/": {ADMIN},
    "/manager/recontact/outgoingevent/{outgoing}/change/": {ADMIN},
    "/manager/hsm_portal/user/": {ADMIN},
    "/manager/hsm_portal/user/add/": {ADMIN},
    "/manager/hsm_portal/user/{user}/change/": {ADMIN},
    "/manager/hsm_portal/apikey/": {ADMIN},
    "/manager/hsm_portal/apikey/add/": {ADMIN},
    "/manager/templates_app/template/": STAFF,
    "/manager/templates_app/template/{template}/change/": STAFF,
    "/manager/templates_app/template/add/": {MANAGER, ADMIN},
    "/manager/templates_app/template/add/?account={account}": {MANAGER, ADMIN},
    "/manager/templates_app/template/{template}/edit/": {MANAGER, ADMIN},
    "/manager/templates_app/template/{template}/delete/": {MANAGER, ADMIN},
    "/manager/providers/provideraccount/": {MANAGER, OPS, ADMIN},
    "/manager/providers/provideraccount/{account}/change/": {MANAGER, OPS, ADMIN},
    "/manager/providers/provideraccount/add/": {ADMIN},
    "/manager/providers/provideraccount/{account}/checkup/": {MANAGER, OPS, ADMIN},
    "/manager/providers/provideraccount/codes/": STAFF,
    "/manager/providers/sendernumber/": STAFF,
    "/manager/providers/sendernumber/{number}/change/": STAFF,
    "/manager/providers/portfolio/": {MANAGER, OPS, ADMIN},
    "/manager/providers/ratecard/": {MANAGER, OPS, ADMIN},
    "/manager/providers/ratecard/add/": {OPS, ADMIN},
    "/manager/providers/webhookdelivery/": {MANAGER, ADMIN},
    "/manager/providers/webhookdelivery/{delivery}/change/": {MANAGER, ADMIN},
    "/manager/providers/providercall/": {MANAGER, ADMIN},
    "/manager/providers/providercall/{call}/change/": {MANAGER, ADMIN},
    "/manager/providers/providernotice/": {MANAGER, ADMIN},
    "/preferences/": set(Role),
    "/password/": set(Role),
}

#: What is only ever posted -> who may.
POSTS: dict[str, set[Role]] = {
    "/manager/recontact/message/send/preview/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/message/{message}/cancel/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/query/recontact/preview/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{campaign}/control/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/add/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{filtered}/recipients/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{campaign}/retry/": {MANAGER, ADMIN},
    "/manager/recontact/message/{message}/retry/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/variables/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/variables/preview/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/sending/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/approval/": {MANAGER, ADMIN},
    "/manager/recontact/campaign/{draft}/discard/": {MANAGER, ADMIN},
    "/manager/recontact/statement/import/": {OPS, ADMIN},
    "/manager/recontact/statement/usage/": {OPS, ADMIN},
    "/manager/recontact/statement/{statement}/row/{row}/": {OPS, ADMIN},
    "/manager/recontact/statement/{statement}/compare/": {OPS, ADMIN},
    "/manager/recontact/statement/{statement}/withdraw/": {OPS, ADMIN},
    "/manager/recontact/monthclosing/{account}/2026-10/count/": {OPS, ADMIN},
    "/manager/recontact/monthclosing/{account}/2026-10/close/": {OPS, ADMIN},
    "/manager/recontact/budget/add/": {OPS, ADMIN},
    "/manager/recontact/budget/{budget}/change/": {OPS, ADMIN},
    "/manager/recontact/exchangerate/add/": {OPS, ADMIN},
    "/manager/recontact/recontact/{recontact}/release/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/incident/{incident}/close/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/customer/{customer}/do/opt-out/": {MANAGER, COORDINATOR, ADMIN},
    "/manager/recontact/customer/{customer}/do/erase/": {ADMIN},
    **{
        f"/manager/recontact/subscription/{{subscription}}/do/{name}/": {ADMIN}
        for name in ("pause", "resume", "secret")
    },
    "/manager/recontact/outgoingevent/{outgoing}/change/": {ADMIN},
    "/manager/templates_app/template/add/?account={account}": {MANAGER, ADMIN},
    "/manager/templates_app/template/draft/?account={account}": {MANAGER, ADMIN},
    "/manager/templates_app/template/{template}/edit/": {MANAGER, ADMIN},
    "/manager/templates_app/template/{template}/status/": {MANAGER, ADMIN},
    "/manager/providers/provideraccount/{account}/check/": {MANAGER, ADMIN},
    "/manager/providers/provideraccount/{account}/resume/": {MANAGER, ADMIN},
    "/manager/providers/provideraccount/{account}/numbers/": {ADMIN},
    "/manager/providers/sendernumber/{number}/resume/": {MANAGER, ADMIN},
    "/manager/providers/webhookdelivery/{delivery}/replay/": {ADMIN},
    "/manager/stopped/template/{template}/resume/": {MANAGER, ADMIN},
}


@pytest.fixture
def places() -> dict[str, int]:
    subscription, _secret = subscription_make("https://crm.example/eventos", "query.recontacted")
    message = message_make()
    assert message.query_id is not None
    assert message.template is not None
    campaign = Campaign.objects.create(name="pagos", template=message.template, created_by=user_make())
    draft = Campaign.objects.create(
        name="pagos",
        template=message.template,
        sender_number=message.sender_number,
        created_by=campaign.created_by,
        source=Campaign.Source.FILE,
        state=Campaign.State.PLANNED,
    )
    filtered = Campaign.objects.create(
        name="consultas",
        sender_number=message.sender_number,
        audience=filter_stored(QueryFilter(message.sender_number_id)),
        created_by=campaign.created_by,
        source=Campaign.Source.FILTERED,
        state=Campaign.State.DRAFT,
    )
    incident = Incident.objects.create(kind=Incident.Kind.SENT_TWICE, message=message)
    statement = statement_make(message.account_id)
    return {
        "statement": statement.pk,
        "row": ComparisonRow.objects.get().pk,
        "message": message.pk,
        "template": message.template.pk,
        "account": message.account_id,
        "number": message.sender_number_id,
        "delivery": WebhookDelivery.objects.create(account=message.account, body=b"{}").pk,
        "attempt": Attempt.objects.create(message=message, number=1, claimed_at=timezone.now()).pk,
        "call": ProviderCall.objects.create(account=message.account, method="GET", url="https://a.b", duration_ms=1).pk,
        "query": message.query_id,
        "customer": message.customer_id,
        "campaign": campaign.pk,
        "draft": draft.pk,
        "filtered": filtered.pk,
        "subscription": subscription.pk,
        "outgoing": OutgoingEvent.objects.get().pk,
        "recontact": Recontact.objects.get().pk,
        "budget": budget_make().pk,
        "incident": incident.pk,
        "user": campaign.created_by_id,
    }


def as_role(role: Role) -> Client:
    user = user_create(username=role.value.lower(), password="clave-segura-1", roles=[role])
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("role", list(Role))
def test_it_shows_each_page_to_its_roles_and_refuses_the_others(role: Role, places: dict[str, int]) -> None:
    client = as_role(role)
    client.post(f"/manager/recontact/query/{places['query']}/change/")

    found = {page: client.get(page.format(**places), follow=True).status_code for page in PAGES}

    assert found == {page: 200 if role in roles else 403 for page, roles in PAGES.items()}


@pytest.mark.parametrize("role", list(Role))
def test_it_lets_only_its_roles_act(role: Role, places: dict[str, int]) -> None:
    client = as_role(role)

    found = {page: client.post(page.format(**places), follow=True).status_code == 403 for page in POSTS}

    assert found == {page: role not in roles for page, roles in POSTS.items()}
    assert Message.objects.filter(pk=places["message"]).exists()


def test_it_sends_who_is_not_logged_in_from_every_page_to_the_login(places: dict[str, int]) -> None:
    addresses = [page.format(**places) for page in [*PAGES, *POSTS]]

    found = {page: Client().get(page, follow=True).redirect_chain[-1][0] for page in addresses}

    assert all(target.startswith("/login/?next=") for target in found.values()), found

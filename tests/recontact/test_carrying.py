"""What a provider cannot carry is refused before anything is queued, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone, translation

from providers.models import ProviderAccount
from recontact.models import Customer, Message, Query, Recontact
from recontact.outbox import hsm_send, query_recontact, text_send
from recontact.refusals import Code, SendRefused, refusal_sentence
from recontact.windows import window_extend
from templates_app.models import Template
from tests.factories import VALUES, query_make, template_make, user_make
from tests.recontact.asking import MuteAdapter, registered

pytestmark = pytest.mark.django_db

BODY = {"type": "BODY", "text": "Hola {{1}}", "example": {"body_text": [["Carla"]]}}
LINK = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "URL", "text": "Ver", "url": "https://clinica.example/{{1}}", "example": ["https://clinica.example/a"]}
    ],
}


@pytest.fixture(autouse=True)
def mute_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with registered(monkeypatch, MuteAdapter):
        yield


def _query(provider: str = MuteAdapter.slug) -> Query:
    query = query_make()
    ProviderAccount.objects.filter(pk=query.sender_number.account_id).update(provider=provider)
    return Query.objects.select_related("sender_number__account").get(pk=query.pk)


def _linked(query: Query) -> Template:
    """A template with a button whose address has a variable: the provider carries bodies alone."""
    return template_make(account=query.sender_number.account, components=[BODY, LINK])


def _recontact(query: Query, template: Template, **values: str) -> Message:
    filled: dict[str, Any] = values or VALUES
    return query_recontact(query_id=query.pk, template_id=template.pk, values=filled, user=None, send_key=None)


VALUES_OF_LINK = {"body.1": "Carla", "button.0.url": "turno"}


def test_a_part_that_the_provider_does_not_take_is_refused_by_name() -> None:
    query = _query()
    with pytest.raises(SendRefused) as refused:
        _recontact(query, _linked(query), **VALUES_OF_LINK)
    [refusal] = refused.value.refusals
    assert (refusal.code, refusal.params["parts"]) == (Code.PARTS_NOT_CARRIED, ["button_url"])
    assert refusal.sentence == "Mute cannot send these parts of the template: a button with a variable address."
    assert (Message.objects.count(), Recontact.objects.count()) == (0, 0)


def test_a_new_conversation_is_refused_the_same_way_and_leaves_nothing_behind() -> None:
    query = _query()
    customers = Customer.objects.count()
    with pytest.raises(SendRefused) as refused:
        hsm_send(
            phone="+5491155551234",
            sender_number_id=query.sender_number_id,
            template_id=_linked(query).pk,
            values=VALUES_OF_LINK,
            user=user_make(),
            send_key=None,
            origin=Message.Origin.SERVICE,
            open_query=True,
        )
    assert [refusal.code for refusal in refused.value.refusals] == [Code.PARTS_NOT_CARRIED]
    assert Customer.objects.count() == customers


def test_what_the_provider_takes_is_queued() -> None:
    query = _query()
    assert _recontact(query, template_make(account=query.sender_number.account)).state == Message.State.QUEUED


def test_another_provider_takes_the_part() -> None:
    query = _query(provider="meta")
    assert _recontact(query, _linked(query), **VALUES_OF_LINK).state == Message.State.QUEUED


def test_the_names_of_parts_are_in_the_readers_language() -> None:
    params = {"provider": "Mute", "parts": ["body", "a part of tomorrow"]}
    with translation.override("en"):
        assert "variables in the text, a part of tomorrow" in refusal_sentence(Code.PARTS_NOT_CARRIED, params)


@pytest.mark.parametrize(("provider", "code"), [(MuteAdapter.slug, Code.TEXT_NOT_CARRIED), ("meta", None)])
def test_text_is_refused_where_the_provider_sends_none(provider: str, code: Code | None) -> None:
    query, refusals = _query(provider), []
    window_extend(customer_id=query.customer_id, sender_number_id=query.sender_number_id, inbound_at=timezone.now())
    try:
        text_send(query_id=query.pk, text="Hola", user=None, send_key=None)
    except SendRefused as refused:
        refusals = [refusal.code for refusal in refused.refusals]
    assert refusals == ([code] if code else [])

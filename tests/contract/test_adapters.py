"""What every registered adapter owes the portal, whatever its provider."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.abilities import LooksUp, SendsInBulk, SubmitsTemplates
from providers.contracts import (
    ALL_PARTS,
    Accepted,
    AccountConfig,
    BadItem,
    BadSignature,
    Event,
    Provider,
    Recipient,
    TemplateContent,
    TextContent,
    UnreadableWebhook,
    WebhookRequest,
)
from providers.errors import SENTENCES, ProviderCallError, Rejected, SendError, Throttled, Unavailable, Uncertain
from providers.registry import adapter_class, adapter_paths, providers_available
from tests.contract.cases import cases_of
from tests.providers.wire import Handler, answer, answering, free_port, message, request_read, run, served

SLUGS = sorted(adapter_paths())
SECRET_VALUE = "Str0ng-secret-value-0123456789"

every_adapter = pytest.mark.parametrize("slug", SLUGS)


def adapter(slug: str, *, base_url: str = "", timeout: float = 2.0) -> Provider:
    """An adapter whose secrets and required fields all have one value; its other fields have that of its cases, if any."""
    fields = adapter_class(slug).credential_fields
    values = {field.name: SECRET_VALUE for field in fields if field.secret or field.required}
    given = cases_of(slug).credentials
    values |= {field.name: given[field.name] for field in fields if field.name in given.keys() - values.keys()}
    for name in cases_of(slug).shaped:
        del values[name]
    return adapter_class(slug)(AccountConfig(1, slug, "301945226341870", values, base_url, timeout))


def sent_to(slug: str, base_url: str, *, timeout: float = 2.0) -> Accepted | SendError:
    """What sending gives: the acceptance, or the error of one of the four kinds."""

    async def work() -> Accepted | SendError:
        try:
            return await adapter(slug, base_url=base_url, timeout=timeout).send(message())
        except SendError as error:
            return error

    return run(work())


def sent_through(slug: str, handler: Handler, *, timeout: float = 2.0) -> Accepted | SendError:
    """What sending gives when the provider behaves like `handler`."""

    async def work() -> Accepted | SendError:
        async with served(handler) as base_url:
            try:
                return await adapter(slug, base_url=base_url, timeout=timeout).send(message())
            except SendError as error:
                return error

    return run(work())


def parsed(slug: str, body: bytes, *, form: bool = False) -> list[Event | BadItem]:
    try:
        return adapter(slug).parse_webhook(cases_of(slug).signed(body, form=form))
    except UnreadableWebhook:
        return []


# --- what it is --------------------------------------------------------------------------------------------------------


def test_slugs_and_labels_are_unique() -> None:
    choices = providers_available()
    assert len({choice.slug for choice in choices}) == len({choice.label for choice in choices}) == len(SLUGS)


@every_adapter
def test_it_is_a_provider(slug: str) -> None:
    made = adapter(slug)
    assert isinstance(made, Provider)
    assert made.slug == slug
    assert made.label


@every_adapter
def test_it_declares_its_credentials(slug: str) -> None:
    fields = adapter_class(slug).credential_fields
    assert any(field.secret for field in fields)
    assert len({field.name for field in fields}) == len(fields)
    assert all(field.label for field in fields)


@every_adapter
def test_it_has_payloads_of_its_provider(slug: str) -> None:
    files = list(cases_of(slug).folder.glob("*.json"))
    assert len(files) >= 15


@every_adapter
def test_it_shows_no_credential(slug: str) -> None:
    made = adapter(slug)
    assert SECRET_VALUE not in repr(made)
    assert SECRET_VALUE not in str(vars(made).get("config"))


# --- sending -----------------------------------------------------------------------------------------------------------


@every_adapter
def test_a_refused_connection_is_certainly_not_sent(slug: str) -> None:
    assert isinstance(sent_to(slug, f"http://127.0.0.1:{free_port()}"), Unavailable)


@every_adapter
def test_an_answer_that_does_not_come_is_uncertain(slug: str) -> None:
    async def never_answer(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await request_read(reader)
        await reader.read()

    assert isinstance(sent_through(slug, never_answer, timeout=0.4), Uncertain)


@every_adapter
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="closed without a word"),
        pytest.param(b"junk\r\n\r\n", id="junk status line"),
        pytest.param(answer(b"{", length=99), id="half a body"),
        pytest.param(answer(b"<html>welcome</html>"), id="a page instead of JSON"),
        pytest.param(answer(b"{}"), id="nothing in it"),
        pytest.param(answer(b"", status="502 Bad Gateway"), id="gateway failed"),
        pytest.param(answer(b"oops", status="500 Internal Server Error"), id="failed without JSON"),
        pytest.param(answer(b"", status="302 Found", headers="Location: http://127.0.0.1:9/\r\n"), id="redirect"),
    ],
)
def test_an_answer_that_proves_nothing_is_uncertain(slug: str, raw: bytes) -> None:
    assert isinstance(sent_through(slug, answering(raw)), Uncertain)


@every_adapter
def test_it_makes_exactly_one_call(slug: str) -> None:
    requests: list[bytes] = []
    sent_through(slug, answering(answer(b"oops", status="503 Service Unavailable"), requests))
    assert len(requests) == 1


@every_adapter
def test_too_many_calls_are_throttled(slug: str) -> None:
    outcome = sent_through(slug, answering(answer(b"{}", status="429 Too Many Requests")))
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after > 0


@every_adapter
def test_an_error_has_a_sentence_and_a_record_without_secrets_and_people(slug: str) -> None:
    echo = json.dumps({"error": f"no: +5491155550100 {SECRET_VALUE} Hola"}).encode()
    error = sent_through(slug, answering(answer(echo, status="400 Bad Request")))
    assert isinstance(error, Rejected | Throttled | Unavailable | Uncertain)
    assert str(SENTENCES[error.reason])
    assert error.exchange is not None
    record = repr(error.exchange)
    assert all(private not in record for private in (SECRET_VALUE, "5491155550100", "Hola"))


@every_adapter
@pytest.mark.parametrize(
    "recipient", [Recipient(phone="+5491155550100"), Recipient(bsuid="AR.27183920456611029384")], ids=["phone", "bsuid"]
)
@pytest.mark.parametrize(
    "content",
    [TextContent("Hola"), TemplateContent("aviso", "es_AR", [], "utility")],
    ids=["text", "template"],
)
def test_every_message_ends_in_a_call_or_a_clear_refusal(
    slug: str, recipient: Recipient, content: TextContent | TemplateContent
) -> None:
    requests: list[bytes] = []

    async def work() -> SendError:
        async with served(answering(answer(b"oops", status="500 Internal Server Error"), requests)) as base_url:
            with pytest.raises(SendError) as caught:
                await adapter(slug, base_url=base_url).send(message(content=content, recipient=recipient))
            return caught.value

    error = run(work())
    assert isinstance(error, Uncertain if requests else Rejected)


# --- managing ----------------------------------------------------------------------------------------------------------


@every_adapter
@pytest.mark.parametrize("what", ["templates", "numbers"])
def test_a_list_that_cannot_be_fetched_says_so_and_one_that_does_not_exist_is_empty(slug: str, what: str) -> None:
    made = adapter(slug, base_url=f"http://127.0.0.1:{free_port()}")
    if not getattr(made.capabilities, f"list_{what}"):
        assert list(getattr(made, f"fetch_{what}")()) == []
        return
    with pytest.raises(ProviderCallError):
        list(getattr(made, f"fetch_{what}")())


@every_adapter
def test_what_it_says_it_can_it_has_the_methods_for(slug: str) -> None:
    made, can = adapter(slug), adapter(slug).capabilities
    assert isinstance(made, SendsInBulk) == (can.bulk_limit > 1)
    assert isinstance(made, LooksUp) == can.look_up
    assert isinstance(made, SubmitsTemplates) == (can.submit_templates or can.edit_templates or can.delete_templates)
    assert can.parts <= ALL_PARTS


# --- webhooks ----------------------------------------------------------------------------------------------------------


@every_adapter
@pytest.mark.parametrize(
    "headers",
    [{}, {"x-hub-signature-256": "sha256=00"}, {"authorization": "Bearer guess"}, {"authorization": "ñ"}],
)
def test_an_unsigned_webhook_is_refused(slug: str, headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        adapter(slug).verify_webhook(WebhookRequest(b'{"a": 1}', headers))


@every_adapter
def test_a_guessed_handshake_is_refused(slug: str) -> None:
    assert adapter(slug).webhook_challenge({"hub.mode": "subscribe", "hub.challenge": "1"}) is None
    assert adapter(slug).webhook_challenge({}) is None


@every_adapter
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=400))
def test_junk_bodies_raise_nothing_but_unreadable(slug: str, body: bytes) -> None:
    assert isinstance(parsed(slug, body), list)


@every_adapter
def test_every_payload_cut_anywhere_raises_nothing_but_unreadable(slug: str) -> None:
    cases = cases_of(slug)
    for case in cases.webhooks:
        body = cases.body(case.fixture)
        for end in range(0, len(body) + 1, max(1, len(body) // 20)):
            assert isinstance(parsed(slug, body[:end], form=case.fixture.endswith(".form.json")), list)


@every_adapter
def test_its_own_webhooks_are_read_into_events(slug: str) -> None:
    cases = cases_of(slug)
    assert cases.webhooks
    for case in cases.webhooks:
        assert parsed(slug, cases.body(case.fixture), form=case.fixture.endswith(".form.json"))

"""Every adapter against the fixtures of its provider, field by field: the one suite, by parameter."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.contracts import (
    Accepted,
    BadItem,
    BadSignature,
    DeliveryStatus,
    Event,
    OutboundMessage,
    Protection,
    StatusEvent,
    UnreadableWebhook,
    WebhookRequest,
)
from providers.errors import SENTENCES, Reason, SendError
from providers.registry import adapter_class, adapter_paths
from tests.contract.cases import (
    WEBHOOK_URL,
    AcceptedCase,
    Cases,
    RefusedCase,
    RequestCase,
    WebhookCase,
    cases_of,
)
from tests.providers.wire import Handler, answer, answering, request_read, run, served

SLUGS = sorted(adapter_paths())
CASES = [cases_of(slug) for slug in SLUGS]

every_adapter = pytest.mark.parametrize("cases", CASES, ids=SLUGS)


def each(name: str) -> pytest.MarkDecorator:
    """Every case of this list, of every adapter."""
    rows = [(cases, case) for cases in CASES for case in getattr(cases, name)]
    return pytest.mark.parametrize(
        ("cases", "case"), rows, ids=[f"{cases.slug}-{case.fixture}" for cases, case in rows]
    )


def outcome_of(cases: Cases, message: OutboundMessage, handler: Handler) -> Accepted | SendError:
    """What sending `message` gives when the provider behaves like `handler`."""

    async def work() -> Accepted | SendError:
        async with served(handler) as base_url:
            try:
                return await cases.adapter(base_url).send(message)
            except SendError as error:
                return error

    return run(work())


def sent(cases: Cases, message: OutboundMessage, raw: bytes) -> tuple[Accepted | SendError, list[bytes]]:
    """What sending `message` gives when the provider answers `raw`, and the requests that it got."""
    requests: list[bytes] = []
    return outcome_of(cases, message, answering(raw, requests)), requests


def as_values(fields: Any) -> Any:
    """A body with every JSON text in it as JSON: forms carry texts whose spacing means nothing."""
    if isinstance(fields, dict):
        return {name: as_values(value) for name, value in fields.items()}
    if isinstance(fields, str) and fields[:1] in ("{", "["):
        try:
            return json.loads(fields)
        except ValueError:
            return fields
    return fields


def placed(document: Any, path: str) -> tuple[Any, Any]:
    """The object (or list) that holds the last step of `path`, and that step."""
    *way, last = path.split(".")
    for step in way:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document, int(last) if isinstance(document, list) else last


def expected_body(cases: Cases, case: RequestCase) -> Any:
    document = json.loads((cases.folder / case.fixture).read_bytes())
    for path, value in case.changed.items():
        holder, name = placed(document, path)
        holder[name] = value
    for path in case.omitted:
        holder, name = placed(document, path)
        del holder[name]
    return as_values(document)


# --- requests ------------------------------------------------------------------------------------------------------------


@each("requests")
def test_each_request_is_the_fixtures_field_by_field(cases: Cases, case: RequestCase) -> None:
    _outcome, requests = sent(cases, case.message, answer(b"", status="500 Internal Server Error"))
    assert len(requests) == 1
    head, _, body = requests[0].partition(b"\r\n\r\n")
    form = b"application/x-www-form-urlencoded" in head.lower()
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True)) if form else json.loads(body)
    assert form == case.fixture.endswith(".form.json")
    assert as_values(fields) == expected_body(cases, case)
    assert head.split(b" ")[1].decode() == case.path


@each("requests")
def test_the_record_of_a_request_shows_no_secret_and_no_person(cases: Cases, case: RequestCase) -> None:
    """Not even when the provider repeats the whole request in its error."""

    async def repeating(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await request_read(reader)
        echo = json.dumps({"error": {"message": request.decode()}}).encode()
        writer.write(answer(echo, status="400 Bad Request"))
        await writer.drain()

    outcome = outcome_of(cases, case.message, repeating)
    assert outcome.exchange is not None
    record = repr(outcome.exchange)
    fields = adapter_class(cases.slug).credential_fields
    secrets = [cases.credentials[field.name] for field in fields if field.secret and field.name in cases.credentials]
    assert [word for word in (*cases.private, *secrets) if word in record] == []


# --- answers -------------------------------------------------------------------------------------------------------------


@each("accepted")
def test_each_acceptance_is_read(cases: Cases, case: AcceptedCase) -> None:
    raw = answer(cases.body(case.fixture), status=f"{case.status} X")
    outcome, _requests = sent(cases, cases.message, raw)
    assert isinstance(outcome, Accepted), repr(outcome)
    assert (outcome.provider_message_id, outcome.held) == (case.provider_message_id, case.held)


@each("refused")
def test_each_error_is_understood(cases: Cases, case: RefusedCase) -> None:
    raw = answer(cases.body(case.fixture), status=f"{case.status} X")
    outcome, _requests = sent(cases, cases.message, raw)
    assert isinstance(outcome, SendError), repr(outcome)
    assert (outcome.kind, outcome.reason, outcome.provider_code) == (case.kind, case.reason, case.provider_code)


@every_adapter
def test_every_code_of_its_table_has_a_reason_with_a_sentence(cases: Cases) -> None:
    codes = adapter_class(cases.slug).error_codes
    assert codes
    assert all(str(SENTENCES[row.reason]) for row in codes.values())


# --- webhooks ------------------------------------------------------------------------------------------------------------


@each("webhooks")
def test_each_webhook_is_read_into_exactly_its_events(cases: Cases, case: WebhookCase) -> None:
    assert cases.adapter().parse_webhook(cases.request(case)) == list(case.events)


@each("webhooks")
def test_each_webhook_is_accepted_as_the_provider_signs_it(cases: Cases, case: WebhookCase) -> None:
    cases.adapter().verify_webhook(cases.request(case))


@every_adapter
def test_a_webhook_without_its_proof_is_refused(cases: Cases) -> None:
    made = cases.adapter()
    assert made.webhook_protection() is not Protection.PATH
    signed = cases.signed(b'{"a": 1}')
    with pytest.raises(BadSignature):
        made.verify_webhook(WebhookRequest(signed.body, {}, signed.url))
    if made.webhook_protection() is Protection.SIGNATURE:
        with pytest.raises(BadSignature):
            made.verify_webhook(WebhookRequest(b'{"a": 2}', signed.headers, signed.url))


def words_changed(value: Any) -> Iterator[Any]:
    """The document with one text after the other replaced by a word that nobody knows."""
    for path in paths_to_texts(value):
        changed = copy.deepcopy(value)
        holder, name = changed, path[-1]
        for step in path[:-1]:
            holder = holder[step]
        holder[name] = "SOMETHING_NEW"
        yield changed


def paths_to_texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, str):
        yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        yield from paths_to_texts(item, (*path, step))


def parsed(cases: Cases, body: bytes, *, form: bool = False) -> list[Event | BadItem]:
    try:
        return cases.adapter().parse_webhook(cases.signed(body, form=form))
    except UnreadableWebhook:
        return []


@each("webhooks")
def test_unknown_words_raise_nothing_and_prove_nothing(cases: Cases, case: WebhookCase) -> None:
    document = json.loads((cases.folder / case.fixture).read_bytes())
    form = case.fixture.endswith(".form.json")
    known = {event.status for event in case.events if isinstance(event, StatusEvent)} | {DeliveryStatus.UNKNOWN}
    for changed in words_changed(document):
        items = parsed(cases, encoded(changed, form), form=form)
        found = {item.status for item in items if isinstance(item, StatusEvent)}
        # What was no delivery before is none with a word that nobody knows.
        proofs = {DeliveryStatus.DELIVERED, DeliveryStatus.READ}
        assert not (found & proofs) - known


def encoded(document: Any, form: bool) -> bytes:
    if form:
        return urlencode(document).encode()
    return json.dumps(document).encode()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@every_adapter
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_mutated_webhooks_give_events_or_one_clear_error(cases: Cases, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(list(cases.webhooks)))
    document = json.loads((cases.folder / case.fixture).read_bytes())
    form = case.fixture.endswith(".form.json")
    paths = sorted(all_paths(document), key=repr)
    path = data.draw(st.sampled_from(paths))
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    if data.draw(st.booleans()):
        holder[path[-1]] = data.draw(ANYTHING)
    elif isinstance(holder, dict):
        del holder[path[-1]]
    for item in parsed(cases, encoded(document, form), form=form):
        if isinstance(item, StatusEvent):
            assert isinstance(item.status, DeliveryStatus)
            assert item.error_reason == "" or Reason(item.error_reason)
        if isinstance(item, BadItem):
            assert item.error


def all_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        yield from all_paths(item, (*path, step))


# --- completeness --------------------------------------------------------------------------------------------------------


@every_adapter
def test_every_fixture_is_a_case_or_says_where_it_is_tested(cases: Cases) -> None:
    listed = [case.fixture for name in ("requests", "accepted", "refused", "webhooks") for case in getattr(cases, name)]
    files = {path.name for path in cases.folder.glob("*.json")}
    assert files - set(listed) - set(cases.elsewhere) == set()
    assert (set(listed) | set(cases.elsewhere)) - files == set()
    assert all(cases.elsewhere.values())


@every_adapter
def test_its_webhook_address_is_not_in_the_messages_record(cases: Cases) -> None:
    """The path of the address is a secret where nothing else protects it."""
    outcome, _requests = sent(cases, cases.message, answer(b"", status="500 Internal Server Error"))
    assert outcome.exchange is not None
    assert WEBHOOK_URL.split("/")[-2] not in repr(outcome.exchange)

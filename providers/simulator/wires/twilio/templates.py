"""The Content API: contents with their approvals; creating, changing, submitting and deleting one."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from providers.simulator.documents import Json, mapping
from providers.simulator.flow import json_response
from providers.simulator.refusal import Refusal
from providers.simulator.reviews import review_later
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call, Wire
from providers.simulator.wires.twilio.content import components_of, samples_of, types_of
from providers.simulator.wires.twilio.errors import TwilioError, not_found
from providers.simulator.wires.twilio.webhooks import account_sid
from providers.simulator.world import Account, Template

UNSUBMITTED = "UNSUBMITTED"
STATUSES = {UNSUBMITTED: "unsubmitted", "PENDING": "pending"}
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
PAGE_SIZE, LARGEST_PAGE = 50, 500
MADE_AT = "2026-10-01T12:00:00Z"


def listed(call: Call, account: Account) -> web.Response:
    """``GET /v1/ContentAndApprovals``: pages by number, their addresses whole."""
    query = call.request.query
    size = min(int(query.get("PageSize", PAGE_SIZE)), LARGEST_PAGE)
    page = int(query.get("Page", "0"))
    contents = [{**_content(item, account), "approval_requests": _approval(item)} for item in _contents(call, account)]
    shown = contents[page * size : (page + 1) * size]

    def url(number: int) -> str:
        return str(call.request.url.with_query({"PageSize": str(size), "Page": str(number)}))

    meta = {
        "page": page,
        "page_size": size,
        "first_page_url": url(0),
        "previous_page_url": url(page - 1) if page else None,
        "url": url(page),
        "next_page_url": url(page + 1) if len(contents) > (page + 1) * size else None,
        "key": "contents",
    }
    return json_response({"contents": shown, "meta": meta})


def create(call: Call, account: Account, wire: Wire) -> web.Response:
    """``POST /v1/Content``: not submitted yet."""
    body = call.json()
    types, samples, components = _given(body)
    language, name = str(body.get("language", "")), str(body.get("friendly_name", ""))
    if not language:
        raise TwilioError(400, 60203, "language and types are required")
    made = datetime.fromtimestamp(int(call.now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sid = wire.new_template_id()
    template = Template(
        id=sid,
        waba_id=account.waba_id,
        # Its name at WhatsApp comes with the approval; before that nothing but the sid names it.
        name=sid.lower(),
        language=language,
        category="",
        components=components,
        status=UNSUBMITTED,
        settings={"types": types, "variables": samples, "friendly_name": name, "made": made},
    )
    call.request.app[SIMULATOR].save(template)
    return json_response(_linked(template, account), 201)


def change(call: Call, account: Account) -> web.Response:
    """``PUT /v1/Content/{sid}``: the types are replaced. What becomes of the approval is inferred: it is asked for anew."""
    template, body = content_of(call, account), call.json()
    types, samples, components = _given(body)
    if template.status in ("PENDING", "DISABLED"):
        raise TwilioError(400, 60204, "The content cannot be changed in this status")
    template.components, template.status = components, UNSUBMITTED
    template.settings |= {"types": types, "variables": samples}
    template.settings["friendly_name"] = str(body.get("friendly_name") or template.settings.get("friendly_name", ""))
    call.request.app[SIMULATOR].save(template)
    return json_response(_linked(template, account))


def _given(body: Json) -> tuple[Json, Json, list[Json]]:
    """Types, samples and components that a body asks for; raises TwilioError."""
    # Twilio's own client names every type there is, with null for those that a content has not.
    types = {name: item for name, item in mapping(body.get("types")).items() if item is not None}
    samples = mapping(body.get("variables"))
    if not types:
        raise TwilioError(400, 60203, "language and types are required")
    try:
        return types, samples, components_of(types, samples)
    except Refusal as refusal:
        raise TwilioError(400, 60203, refusal.details or "The types are not valid") from refusal


def submit(call: Call, account: Account) -> web.Response:
    """``POST /v1/Content/{sid}/ApprovalRequests/whatsapp``."""
    template, body = content_of(call, account), call.json()
    name, category = str(body.get("name", "")), str(body.get("category", "")).upper()
    if not name or category not in CATEGORIES:
        raise TwilioError(400, 60203, "name and category are required")
    if template.status != UNSUBMITTED:
        raise TwilioError(400, 60204, "The content was already submitted for approval")
    if call.world.template_named(account.waba_id, name, template.language) not in (None, template):
        raise TwilioError(400, 60204, "There is a template with this name and language already")
    simulator = call.request.app[SIMULATOR]
    simulator.delete_template(template.id)
    template.name, template.category, template.status = name, category, "PENDING"
    simulator.save(template)
    review_later(simulator, template)
    return json_response({**_approval(template), "status": "received"}, 201)


def approvals(call: Call, account: Account) -> web.Response:
    """``GET /v1/Content/{sid}/ApprovalRequests``."""
    template = content_of(call, account)
    return json_response(
        {
            "sid": template.id,
            "account_sid": account_sid(account),
            "whatsapp": {"type": "whatsapp", **_approval(template)},
            "url": _url(template, "/ApprovalRequests"),
        }
    )


def fetch(call: Call, account: Account) -> web.Response:
    """``GET /v1/Content/{sid}``."""
    return json_response(_linked(content_of(call, account), account))


def delete(call: Call, account: Account) -> web.Response:
    """``DELETE /v1/Content/{sid}``."""
    call.request.app[SIMULATOR].delete_template(content_of(call, account).id)
    return web.Response(status=204)


def content_of(call: Call, account: Account) -> Template:
    """The content in the path; 20404 when it is not the account's."""
    template = call.world.templates.get(call.request.match_info["content_sid"])
    if template is None or template.waba_id != account.waba_id:
        raise not_found(call.request.path)
    return template


def _contents(call: Call, account: Account) -> list[Template]:
    return [item for item in call.world.templates_of(account.waba_id) if item.status != "DELETED"]


def _content(template: Template, account: Account) -> Json:
    made = template.settings.get("made", MADE_AT)
    return {
        "account_sid": account_sid(account),
        "date_created": made,
        "date_updated": made,
        "friendly_name": template.settings.get("friendly_name", template.name),
        "language": template.language,
        "sid": template.id,
        "types": types_of(template),
        "variables": samples_of(template),
    }


def _linked(template: Template, account: Account) -> Json:
    links = {
        "approval_create": _url(template, "/ApprovalRequests/whatsapp"),
        "approval_fetch": _url(template, "/ApprovalRequests"),
    }
    return {**_content(template, account), "links": links, "url": _url(template)}


def _url(template: Template, rest: str = "") -> str:
    return f"https://content.twilio.com/v1/Content/{template.id}{rest}"


def _approval(template: Template) -> Json:
    submitted = template.status != UNSUBMITTED
    rejected = template.rejected_reason if template.status == "REJECTED" else ""
    return {
        "name": template.name if submitted else "",
        "category": template.category if submitted else "",
        "content_type": next(iter(types_of(template)), "") if submitted else "",
        "status": STATUSES.get(template.status, template.status.lower()),
        "rejection_reason": rejected,
        "allow_category_change": True,
    }

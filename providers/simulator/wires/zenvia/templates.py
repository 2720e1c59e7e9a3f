"""Templates in Zenvia's words, listed by page."""

from __future__ import annotations

from aiohttp import web

from providers.simulator.definition import Definition, definition_of, variables
from providers.simulator.documents import Json, mapping
from providers.simulator.flow import json_response
from providers.simulator.wires.contract import Call
from providers.simulator.world import Account, Template

STATUSES = {"PENDING": "WAITING_APPROVAL"}
MEDIA = {"IMAGE": "imageUrl", "VIDEO": "videoUrl", "DOCUMENT": "documentUrl"}
ONLY_REPLIES, ONLY_ACTIONS = {"QUICK_REPLY"}, {"URL", "PHONE_NUMBER"}
PAGE_SIZE = 100
MADE_AT = "2026-10-01T12:00:00.000Z"


def template_json(template: Template, sender: str) -> Json:
    """A template as Zenvia shows it; ``fields`` are the values that a send must fill."""
    definition = definition_of(template.components)
    fields = field_names(definition)
    known = mapping(template.settings.get("examples"))
    return {
        "id": template.id,
        "name": template.name,
        "locale": template.language,
        "channel": "WHATSAPP",
        "senderId": sender,
        "category": template.category,
        "components": _components(definition, mapping(template.settings.get("payloads"))),
        "examples": {name: known.get(name, name) for name in fields},
        "fields": fields,
        "text": definition.body_text,
        "comments": [],
        "status": STATUSES.get(template.status, template.status),
        "notificationEmail": "ops@example.com",
        "createdAt": MADE_AT,
        "updatedAt": MADE_AT,
        "qualityScore": template.quality,
    }


def field_names(definition: Definition) -> list[str]:
    """The values that a send must fill, in the order of the parts."""
    names = [*_media_field(definition), *definition.header_variables, *definition.body_variables]
    for button in definition.buttons:
        names += ["code"] if button.type == "COPY_CODE" else variables(button.url)
    return list(dict.fromkeys(names))


def _media_field(definition: Definition) -> tuple[str, ...]:
    return (MEDIA[definition.header_format],) if definition.header_format in MEDIA else ()


def _components(definition: Definition, payloads: Json) -> Json:
    components: Json = {}
    if definition.header_format in MEDIA:
        components["header"] = {"type": f"MEDIA_{definition.header_format}"}
    elif definition.header_text:
        kind = "TEXT_TEMPLATE" if definition.header_variables else "TEXT_FIXED"
        components["header"] = {"type": kind, "text": definition.header_text}
    components["body"] = {"type": "TEXT_TEMPLATE", "text": definition.body_text}
    if definition.footer_text:
        components["footer"] = {"type": "TEXT_FIXED", "text": definition.footer_text}
    if definition.buttons:
        kinds = {button.type for button in definition.buttons}
        mixed = "QUICK_REPLIES" if kinds == ONLY_REPLIES else "ACTIONS" if kinds <= ONLY_ACTIONS else "MIXED"
        items: list[Json] = []
        for button in definition.buttons:
            item: Json = {"type": button.type, "text": button.text}
            if button.type == "QUICK_REPLY":
                item["payload"] = payloads.get(button.text, button.text)
            elif button.url:
                item["url"] = button.url
            elif button.phone_number:
                item["phoneNumber"] = button.phone_number
            items.append(item)
        components["buttons"] = {"type": mixed, "items": items}
    return components


def listed(call: Call, account: Account) -> web.Response:
    """``GET /templates``: a plain array, the totals in headers."""
    query = call.request.query
    page, size = int(query.get("page", "0")), int(query.get("size", PAGE_SIZE))
    sender = sender_of(call, account)
    found = [template_json(item, sender) for item in call.world.templates_of(account.waba_id)]
    wanted = {name: query[name] for name in ("senderId", "category", "status") if name in query}
    found = [item for item in found if all(item[name] == value for name, value in wanted.items())]
    headers = {"x-total": str(len(found)), "x-page-size": str(size), "x-page": str(page)}
    return json_response(found[page * size : (page + 1) * size], headers=headers)


def sender_of(call: Call, account: Account) -> str:
    """The account's only sender."""
    return next((number.digits for number in call.world.numbers_of(account.waba_id)), "")

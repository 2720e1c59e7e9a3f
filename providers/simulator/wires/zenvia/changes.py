"""Templates made, changed and deleted over Zenvia's wire: its components into Meta's, and the review that follows."""

from __future__ import annotations

import uuid

from aiohttp import web

from providers.simulator.definition import definition_of, variables
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.flow import json_response
from providers.simulator.refusal import Refusal
from providers.simulator.reviews import review_later
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call
from providers.simulator.wires.zenvia.errors import Duplicated, InvalidField
from providers.simulator.wires.zenvia.templates import MEDIA, field_names, template_json
from providers.simulator.world import Account, Template

CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
HEADERS = {"TEXT_TEMPLATE": "TEXT", "TEXT_FIXED": "TEXT"} | {f"MEDIA_{kind}": kind for kind in MEDIA}
BUTTONS = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE")
#: WhatsApp changes neither category nor text of a template while it is looked at.
CHANGEABLE = ("APPROVED", "REJECTED", "PAUSED")


def created(call: Call, account: Account) -> web.Response:
    """``POST /templates``: waiting for approval at once, reviewed later."""
    body = call.json()
    for name in ("name", "locale", "channel", "senderId", "category"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise InvalidField(name)
    if body["channel"] != "WHATSAPP":
        raise InvalidField("channel", "INVALID", "Not a known channel")
    if call.world.number_of(account.waba_id, body["senderId"]) is None:
        raise InvalidField("senderId", "INVALID", "Not a sender of the account")
    if call.world.template_named(account.waba_id, body["name"], body["locale"]) is not None:
        raise Duplicated
    template = Template(str(uuid.uuid4()), account.waba_id, body["name"], body["locale"], "", [])
    return _reviewed(call, template, body, sender=body["senderId"])


def changed(call: Call, account: Account, sender: str) -> web.Response:
    """``PATCH /templates/{id}``: category, components and examples; what is not given stays. Reviewed anew."""
    template = template_of(call, account)
    if template.status not in CHANGEABLE:
        raise InvalidField("status", "INVALID", "The template cannot be changed in this status")
    shown = template_json(template, sender)
    body = call.json()
    kept = {name: body.get(name, shown[name]) for name in ("category", "components", "examples")}
    return _reviewed(call, template, kept, sender=sender)


def deleted(call: Call, account: Account) -> web.Response:
    """``DELETE /templates/{id}``: this one language."""
    call.request.app[SIMULATOR].delete_template(template_of(call, account).id)
    return web.Response(status=204)


def template_of(call: Call, account: Account) -> Template:
    """The account's template in the path."""
    template = call.world.templates.get(call.request.match_info["template"])
    if template is None or template.waba_id != account.waba_id:
        raise Refusal(133010)
    return template


def _reviewed(call: Call, template: Template, body: Json, *, sender: str) -> web.Response:
    """Keep what the body says of the template, which is looked at from now on. Changes nothing when it is refused."""
    if body["category"] not in CATEGORIES:
        raise InvalidField("category", "INVALID", f"Must be one of {', '.join(CATEGORIES)}")
    given, examples = mapping(body.get("components")), mapping(body.get("examples"))
    components = components_of(given)
    names = field_names(definition_of(components))
    for name in names:
        if not examples.get(name):
            raise InvalidField(f"examples.{name}")
    template.category, template.components, template.status = body["category"], components, "PENDING"
    template.parameter_format = "POSITIONAL" if any(name.isdigit() for name in names) else "NAMED"
    template.settings = {**template.settings, "examples": examples, "payloads": _payloads(given)}
    simulator = call.request.app[SIMULATOR]
    simulator.save(template)
    review_later(simulator, template)
    return json_response(template_json(template, sender))


def components_of(given: Json) -> list[Json]:
    """Meta's components of Zenvia's. Raises InvalidField."""
    text = _text(given, "body")
    if not text:
        raise InvalidField("components.body.text")
    components: list[Json] = [*_header(given), {"type": "BODY", "text": text}]
    if footer := _text(given, "footer"):
        if variables(footer):
            raise InvalidField("components.footer.text", "INVALID", "A footer has no variables")
        components.append({"type": "FOOTER", "text": footer})
    items = [mapping(item) for item in sequence(mapping(given.get("buttons")).get("items"))]
    if items:
        components.append({"type": "BUTTONS", "buttons": [_button(*item) for item in enumerate(items)]})
    return components


def _text(given: Json, part: str) -> str:
    return str(mapping(given.get(part)).get("text") or "")


def _header(given: Json) -> list[Json]:
    if not mapping(given.get("header")):
        return []
    kind = HEADERS.get(str(mapping(given["header"]).get("type")))
    if kind is None:
        raise InvalidField("components.header.type", "INVALID", "Not a known type of header")
    if kind != "TEXT":
        return [{"type": "HEADER", "format": kind}]
    text = _text(given, "header")
    if not text:
        raise InvalidField("components.header.text")
    return [{"type": "HEADER", "format": "TEXT", "text": text}]


def _button(index: int, item: Json) -> Json:
    path, kind = f"components.buttons.items.{index}", str(item.get("type"))
    if kind not in BUTTONS:
        raise InvalidField(f"{path}.type", "INVALID", "Not a known type of button")
    wanted = {"URL": "url", "PHONE_NUMBER": "phoneNumber", "QUICK_REPLY": "text"}.get(kind, "")
    if wanted and not item.get(wanted):
        raise InvalidField(f"{path}.{wanted}")
    button: Json = {"type": kind, "text": str(item.get("text", ""))}
    if kind == "URL":
        button["url"] = str(item["url"])
    elif kind == "PHONE_NUMBER":
        button["phone_number"] = str(item["phoneNumber"])
    return button


def _payloads(given: Json) -> Json:
    items = [mapping(item) for item in sequence(mapping(given.get("buttons")).get("items"))]
    return {str(item["text"]): str(item["payload"]) for item in items if item.get("text") and item.get("payload")}

"""Templates in Infobip's words: listed by sender or by account, created, changed, deleted, and what is told of them."""

from __future__ import annotations

import re
import uuid

from aiohttp import web

from providers.simulator.definition import Definition, definition_of, variables
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.flow import call_of, json_response
from providers.simulator.identity import new_object_id
from providers.simulator.refusal import Refusal
from providers.simulator.reviews import review_later
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call, Note
from providers.simulator.wires.facts import TemplateFact
from providers.simulator.wires.infobip.errors import MissingObject
from providers.simulator.wires.infobip.reports import stamp
from providers.simulator.world import Account, Template

NAME = re.compile(r"[a-z0-9_]{1,512}")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
QUALITIES = {"GREEN": "HIGH", "YELLOW": "MEDIUM", "RED": "LOW"}
MADE_AT = 1790856000.0
PAGE_SIZE = 100
BUSINESS_ACCOUNT = 222


def template_json(template: Template, account: Account) -> Json:
    """A template as Infobip shows it."""
    return {
        "id": template.id,
        "businessAccountId": int(account.settings.get("business_account_id", BUSINESS_ACCOUNT)),
        "name": template.name,
        "language": template.language,
        "status": _status(template),
        "category": template.category,
        "structure": _structure(definition_of(template.components), template.components),
        "quality": QUALITIES.get(template.quality, "UNKNOWN"),
        "createdAt": stamp(MADE_AT),
        "lastUpdatedAt": stamp(MADE_AT),
    }


def _status(template: Template) -> str:
    if template.status == "PAUSED":
        return "FIRST_PAUSED" if template.pauses < 2 else "SECOND_PAUSED"
    return template.status


def _structure(definition: Definition, components: list[Json]) -> Json:
    structure: Json = {}
    if definition.header_format == "TEXT":
        structure["header"] = {"format": "TEXT", "text": definition.header_text}
    elif definition.header_format:
        structure["header"] = {"format": definition.header_format}
    if definition.body_text:
        structure["body"] = {"text": definition.body_text}
    if definition.footer_text:
        structure["footer"] = {"text": definition.footer_text}
    given = next((item for item in components if str(item.get("type", "")).upper() == "BUTTONS"), {})
    buttons = [_button_json(mapping(item)) for item in sequence(given.get("buttons"))]
    if buttons:
        structure["buttons"] = buttons
    media = "header" in structure and structure["header"]["format"] != "TEXT"
    return {**structure, "type": "MEDIA" if media or buttons else "TEXT"}


def _button_json(button: Json) -> Json:
    known = {"type": button.get("type"), "text": button.get("text")}
    if button.get("phone_number"):
        known["phoneNumber"] = button["phone_number"]
    if button.get("url"):
        known["url"] = button["url"]
    example = button.get("example")
    if example:
        known["example"] = example[0] if isinstance(example, list) else example
    return known


# --- a structure as components -------------------------------------------------------------------------------------------


def components_of(structure: Json, category: str) -> list[Json]:
    """The components of a new or changed template. Raises Refusal(100) that names what is wrong with it."""
    body, header = mapping(structure.get("body")), mapping(structure.get("header"))
    text = str(body.get("text", ""))
    if not text and category != "AUTHENTICATION":
        raise Refusal(100, "structure.body.text: must not be blank")
    components: list[Json] = []
    if header:
        components.append(_header(header))
    examples = [str(item) for item in sequence(body.get("examples"))]
    if len(examples) != len(variables(text)) and category != "AUTHENTICATION":
        raise Refusal(100, "structure.body.examples: must match the number of placeholders")
    sampled = {"example": {"body_text": [examples]}} if examples else {}
    components.append({"type": "BODY", "text": text, **sampled})
    if structure.get("footer"):
        components.append({"type": "FOOTER", "text": str(mapping(structure["footer"]).get("text", ""))})
    buttons = [_button(mapping(item)) for item in sequence(structure.get("buttons"))]
    if buttons:
        components.append({"type": "BUTTONS", "buttons": buttons})
    return components


def _header(header: Json) -> Json:
    kind, example = str(header.get("format", "")), header.get("example")
    if kind == "TEXT":
        sampled = {"example": {"header_text": [str(example)]}} if example else {}
        return {"type": "HEADER", "format": kind, "text": str(header.get("text", "")), **sampled}
    if kind not in ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION"):
        raise Refusal(100, "structure.header.format: Provide one of the valid values.")
    sampled = {"example": {"header_handle": [str(example)]}} if example else {}
    return {"type": "HEADER", "format": kind, **sampled}


def _button(button: Json) -> Json:
    known: Json = {"type": str(button.get("type", "")), "text": str(button.get("text", ""))}
    if button.get("phoneNumber"):
        known["phone_number"] = str(button["phoneNumber"])
    if button.get("url"):
        known["url"] = str(button["url"])
    if button.get("example"):
        known["example"] = [str(button["example"])]
    return known


# --- endpoints -----------------------------------------------------------------------------------------------------------


class TemplateEndpoints:
    """The handlers; ``account`` says whose request it is."""

    def account(self, call: Call) -> Account:
        """Whose request it is."""
        raise NotImplementedError

    def _owner(self, call: Call) -> Account:
        """The account, if the sender that the path names is its own."""
        account = self.account(call)
        sender = call.request.match_info.get("sender", "")
        if call.world.number_of(account.waba_id, sender) is None:
            raise MissingObject
        return account

    async def list_by_sender(self, request: web.Request) -> web.Response:
        """``GET /whatsapp/2/senders/{sender}/templates``: all at once."""
        call = await call_of(request)
        account = self._owner(call)
        found = [template_json(item, account) for item in call.world.templates_of(account.waba_id)]
        return json_response({"templates": found})

    async def list_by_account(self, request: web.Request) -> web.Response:
        """``GET /whatsapp/1/templates``: by page."""
        call = await call_of(request)
        account, query = self.account(call), request.query
        found = [template_json(item, account) for item in call.world.templates_of(account.waba_id)]
        wanted = {name: query[name] for name in ("name", "status", "language", "category") if name in query}
        found = [item for item in found if all(item[name] == value for name, value in wanted.items())]
        page, size = int(query.get("page", "0")), int(query.get("size", PAGE_SIZE))
        paging = {"page": page, "size": size, "totalPages": -(-len(found) // size), "totalResults": len(found)}
        return json_response({"results": found[page * size : (page + 1) * size], "paging": paging})

    async def create(self, request: web.Request) -> web.Response:
        """``POST /whatsapp/2/senders/{sender}/templates``: PENDING at once, reviewed later."""
        call, simulator = await call_of(request), request.app[SIMULATOR]
        account, body = self._owner(call), call.json()
        name, language = str(body.get("name", "")), str(body.get("language", ""))
        category = str(body.get("category", ""))
        if not NAME.fullmatch(name) or not language:
            raise Refusal(100, "name: must consist of lowercase alphanumeric characters and underscores")
        if category not in CATEGORIES:
            raise Refusal(100, "category: Provide one of the valid values.")
        if call.world.template_named(account.waba_id, name, language) is not None:
            raise Refusal(100, "name: a template with this name and language exists already")
        components = components_of(mapping(body.get("structure")), category)
        template = Template(new_object_id(), account.waba_id, name, language, category, components, "PENDING")
        simulator.save(template)
        review_later(simulator, template)
        return json_response(template_json(template, account), 201)

    async def get(self, request: web.Request) -> web.Response:
        """``GET …/templates/{id}``."""
        call = await call_of(request)
        account = self._owner(call)
        return json_response(template_json(self._template(call, account), account))

    async def edit(self, request: web.Request) -> web.Response:
        """``PATCH …/templates/{id}``: reviewed anew."""
        call, simulator = await call_of(request), request.app[SIMULATOR]
        account, body = self._owner(call), call.json()
        template = self._template(call, account)
        category = str(body.get("category", template.category))
        if category not in CATEGORIES:
            raise Refusal(100, "category: Provide one of the valid values.")
        if "structure" in body:
            template.components = components_of(mapping(body["structure"]), category)
        template.category, template.status = category, "PENDING"
        simulator.save(template)
        review_later(simulator, template)
        return json_response(template_json(template, account))

    async def delete(self, request: web.Request) -> web.Response:
        """``DELETE …/templates/{name}``: in all languages."""
        call, simulator = await call_of(request), request.app[SIMULATOR]
        account = self._owner(call)
        name = request.match_info["template"]
        found = [item for item in call.world.templates_of(account.waba_id) if item.name == name]
        if not found:
            raise MissingObject
        for template in found:
            simulator.delete_template(template.id)
        return web.Response(status=204)

    def _template(self, call: Call, account: Account) -> Template:
        template = call.world.templates.get(call.request.match_info["template"])
        if template is None or template.waba_id != account.waba_id:
            raise MissingObject
        return template


# --- changes -------------------------------------------------------------------------------------------------------------


def template_note(fact: TemplateFact) -> Note | None:
    """What is told of a change; nothing of what Infobip has no webhook for."""
    template = fact.template
    if fact.change == "status":
        change = {"type": "TEMPLATE_STATUS_UPDATE", "newStatus": _status(template), "reason": fact.reason or "NONE"}
        if fact.word in ("FLAGGED", "REINSTATED", "PENDING_DELETION"):
            change["newStatus"] = fact.word
    elif fact.change == "category":
        change = {"type": "TEMPLATE_CATEGORY_UPDATE", "previousCategory": fact.before, "newCategory": fact.word}
    elif fact.change == "quality":
        change = {
            "type": "TEMPLATE_QUALITY_UPDATE",
            "previousQualityScore": QUALITIES.get(fact.before, "UNKNOWN"),
            "newQualityScore": QUALITIES.get(fact.word, "UNKNOWN"),
        }
    else:
        return None
    value = {
        "messageTemplateId": template.id,
        "messageTemplateName": template.name,
        "messageTemplateLanguage": template.language,
        "timestamp": stamp(fact.at),
        "change": change,
        "entityId": 123456,
        "applicationId": 1234567,
    }
    # Never together with another in one webhook.
    return Note("TEMPLATE", value, stream=str(uuid.uuid4()))

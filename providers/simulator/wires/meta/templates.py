"""Template management: the Graph endpoints."""

from __future__ import annotations

import base64
import re

from aiohttp import web

from providers.simulator.definition import VARIABLE, definition_of
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.identity import new_object_id
from providers.simulator.refusal import Refusal
from providers.simulator.reviews import change_status, review_later, tell
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.meta.access import account_by_token, graph_response, json_body, template_of, waba_of
from providers.simulator.wires.meta.errors import InvalidTemplate
from providers.simulator.wires.meta.uploads import samples_check
from providers.simulator.world import Template

NAME = re.compile(r"^[a-z0-9_]{1,512}$")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
DEFAULT_FIELDS = (
    "name", "parameter_format", "components", "language", "status", "category", "sub_category", "previous_category",
)  # fmt: skip
PAGE_SIZE = 25
TEMPLATE_LIMIT = 6000
LARGEST_PAGE = 1000
BODY_LIMIT = 1024
SHORT_LIMIT = 60


async def list_templates(request: web.Request) -> web.Response:
    """``GET /{waba_id}/message_templates``: filters, chosen fields, pages by cursor."""
    simulator = request.app[SIMULATOR]
    account = waba_of(account_by_token(simulator.world, request), request.match_info["object_id"])
    found = [item for item in simulator.world.templates_of(account.waba_id) if _matches(item, request)]
    limit = _limit(request)
    start = _start(found, request, limit)
    page = found[start : start + limit]
    summary = _summary(request, simulator.world.templates_of(account.waba_id), found)
    if not page:
        return graph_response(request, {"data": [], **summary})
    fields = _fields(request)
    paging: Json = {"cursors": {"before": _cursor(page[0]), "after": _cursor(page[-1])}}
    if start + limit < len(found):
        paging["next"] = _page_url(request, limit, "after", _cursor(page[-1]))
    if start > 0:
        paging["previous"] = _page_url(request, limit, "before", _cursor(page[0]))
    return graph_response(
        request, {"data": [template_json(item, fields) for item in page], "paging": paging, **summary}
    )


def _summary(request: web.Request, everything: list[Template], found: list[Template]) -> Json:
    values = {
        "total_count": len(found),
        "message_template_count": len(everything),
        "message_template_limit": TEMPLATE_LIMIT,
        "are_translations_complete": True,
    }
    asked = [item.strip() for item in request.query.get("summary", "").split(",")]
    chosen = {name: values[name] for name in asked if name in values}
    return {"summary": chosen} if chosen else {}


def _matches(template: Template, request: web.Request) -> bool:
    query = request.query
    if template.status == "DELETED":
        return False
    wanted = {
        "name": template.name,
        "status": template.status,
        "category": template.category,
        "language": template.language,
        "quality_score": template.quality,
    }
    for name, value in wanted.items():
        if name in query and query[name].lower() != value.lower():
            return False
    if "name_or_content" in query:
        needle = query["name_or_content"].lower()
        return needle in template.name or needle in str(template.components).lower()
    return "content" not in query or query["content"].lower() in str(template.components).lower()


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(PAGE_SIZE))
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise Refusal(100, f"Param limit must be between 1 and {LARGEST_PAGE}.")
    return int(text)


def _start(found: list[Template], request: web.Request, limit: int) -> int:
    cursors = {_cursor(template): position for position, template in enumerate(found)}
    for name in ("after", "before"):
        if name in request.query:
            position = cursors.get(request.query[name])
            if position is None:
                raise Refusal(100, f"Invalid cursor in {name}.")
            return position + 1 if name == "after" else max(0, position - limit)
    return 0


def _cursor(template: Template) -> str:
    return base64.urlsafe_b64encode(template.id.encode()).decode().rstrip("=") + "ZD"


def _page_url(request: web.Request, limit: int, side: str, cursor: str) -> str:
    kept = {name: value for name, value in request.query.items() if name not in ("after", "before", "limit")}
    return str(request.url.with_query({**kept, "limit": str(limit), side: cursor}))


def _fields(request: web.Request) -> tuple[str, ...]:
    asked = request.query.get("fields", "")
    return tuple(item.strip() for item in asked.split(",") if item.strip()) or DEFAULT_FIELDS


def template_json(template: Template, fields: tuple[str, ...]) -> Json:
    """A template as Graph shows it: the asked fields that have a value, and always the id."""
    values: Json = {
        "name": template.name,
        "parameter_format": template.parameter_format,
        "components": template.components,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "sub_category": template.sub_category,
        "previous_category": template.previous_category,
        "correct_category": template.correct_category,
        "rejected_reason": template.rejected_reason,
        "message_send_ttl_seconds": template.message_send_ttl_seconds,
        "quality_score": {"score": template.quality, "date": template.quality_date},
    }
    if fields is DEFAULT_FIELDS and template.message_send_ttl_seconds is not None:
        fields = (*fields, "message_send_ttl_seconds")
    chosen = {name: values[name] for name in fields if values.get(name) is not None}
    return {**chosen, "id": template.id}


async def create_template(request: web.Request) -> web.Response:
    """``POST /{waba_id}/message_templates``: PENDING at once, reviewed after the knob ``review_delay_ms``."""
    simulator = request.app[SIMULATOR]
    account = waba_of(account_by_token(simulator.world, request), request.match_info["object_id"], "post")
    body = await json_body(request)
    name, language, category = (str(body.get(key, "")) for key in ("name", "language", "category"))
    if not NAME.match(name) or not language or category.upper() not in CATEGORIES:
        raise Refusal(100, "The parameters name, language and category are required and must be valid.")
    if simulator.world.template_named(account.waba_id, name, language) is not None:
        raise InvalidTemplate(
            2388024,
            "Content in This Language Already Exists",
            f"There is already {language} content for this template. You can create a new template and try again.",
        )
    components = checked_components(body.get("components"), category.upper())
    samples_check(account, components)
    template = Template(
        id=new_object_id(),
        waba_id=account.waba_id,
        name=name,
        language=language,
        category=category.upper(),
        components=components,
        status="PENDING",
        parameter_format=str(body.get("parameter_format", "POSITIONAL")).upper(),
        message_send_ttl_seconds=body.get("message_send_ttl_seconds"),
    )
    simulator.save(template)
    review_later(simulator, template)
    return graph_response(request, {"id": template.id, "status": "PENDING", "category": template.category})


def checked_components(components: object, category: str) -> list[Json]:
    """The components of a new or edited template; raises what Meta would answer for bad ones."""
    items = [mapping(item) for item in sequence(components)]
    definition = definition_of(items)
    has_body = any(str(item.get("type", "")).upper() == "BODY" for item in items)
    if not has_body or (category != "AUTHENTICATION" and not definition.body_text.strip()):
        raise Refusal(100, "The parameter components must hold a BODY with text.")
    if len(definition.body_text) > BODY_LIMIT or len(definition.footer_text) > SHORT_LIMIT:
        raise InvalidTemplate(2388040, "Character Limit Exceeded", "A field of this template is too long.")
    if len(definition.header_text) > SHORT_LIMIT or len(definition.header_variables) > 1:
        raise InvalidTemplate(2388047, "Message Header Format Incorrect", "The header of this template is not valid.")
    if VARIABLE.search(definition.footer_text):
        raise InvalidTemplate(2388073, "Message Footer Format Incorrect", "A footer takes no variables.")
    body = definition.body_text.strip()
    if re.match(r"\{\{\s*\w+\s*\}\}", body) or re.search(r"\{\{\s*\w+\s*\}\}$", body):
        raise InvalidTemplate(
            2388299,
            "Variables can't be at the start or end of the template",
            "This template has variables at the beginning or the end. Remove them and try again.",
        )
    words = len(VARIABLE.sub(" ", body).split())
    if len(definition.body_variables) * 2 > words:
        raise InvalidTemplate(
            2388293, "Parameters Words Ratio Exceeds Limit", "This template has too many variables for its length."
        )
    return items


async def edit_template(request: web.Request) -> web.Response:
    """``POST /{template_id}``: new components, category or TTL, then a new review."""
    simulator = request.app[SIMULATOR]
    account = account_by_token(simulator.world, request)
    template = template_of(simulator, account, request.match_info["object_id"], "post")
    body = await json_body(request)
    if template.status not in EDITABLE:
        raise InvalidTemplate(
            2388039, "Template Cannot Be Edited", f"A template that is {template.status} cannot be edited."
        )
    category = str(body.get("category", template.category)).upper()
    if category not in CATEGORIES or (template.status == "APPROVED" and category != template.category):
        raise Refusal(100, "The category of an approved template cannot be changed.")
    if "components" in body:
        components = checked_components(body["components"], category)
        samples_check(account, components)
        template.components = components
    template.category = category
    template.message_send_ttl_seconds = body.get("message_send_ttl_seconds", template.message_send_ttl_seconds)
    template.status = "PENDING"
    simulator.save(template)
    if "components" in body:
        tell(simulator, template, "components", template.status, template.status)
    review_later(simulator, template)
    return graph_response(request, {"success": True})


async def delete_templates(request: web.Request) -> web.Response:
    """``DELETE /{waba_id}/message_templates?name=…[&hsm_id=…]``: all languages of a name, or the one with that id."""
    simulator = request.app[SIMULATOR]
    account = waba_of(account_by_token(simulator.world, request), request.match_info["object_id"], "delete")
    name, only = request.query.get("name"), request.query.get("hsm_id")
    found = [
        template
        for template in simulator.world.templates_of(account.waba_id)
        if template.name == name and only in (None, template.id)
    ]
    if not found:
        raise InvalidTemplate(2593002, "Message Template Not Found", "There is no template with this name.")
    if any(template.status == "DISABLED" for template in found):
        raise InvalidTemplate(2388039, "Template Cannot Be Deleted", "A disabled template cannot be deleted.")
    for template in found:
        change_status(simulator, template, "PENDING_DELETION", reason=None)
        simulator.delete_template(template.id)
    return graph_response(request, {"success": True})


async def unpause_template(request: web.Request) -> web.Response:
    """``POST /{template_id}/unpause``."""
    simulator = request.app[SIMULATOR]
    account = account_by_token(simulator.world, request)
    template = template_of(simulator, account, request.match_info["object_id"], "post")
    if template.status != "PAUSED":
        return graph_response(request, {"success": False, "reason": "The template is not paused."})
    change_status(simulator, template, "APPROVED")
    return graph_response(request, {"success": True})

"""Templates: listed by offset, made, changed and deleted. What making, changing and deleting answer is inferred."""

from __future__ import annotations

import base64
import hashlib
import re

from aiohttp import web

from providers.simulator.documents import Json
from providers.simulator.flow import json_response
from providers.simulator.identity import new_object_id
from providers.simulator.refusal import Refusal
from providers.simulator.reviews import review_later
from providers.simulator.simulator import Simulator
from providers.simulator.wires.contract import Call
from providers.simulator.wires.meta.errors import InvalidTemplate
from providers.simulator.wires.meta.templates import CATEGORIES, EDITABLE, NAME, checked_components
from providers.simulator.world import Account, Template

LARGEST_PAGE = 1000
STATUSES = {"PENDING": "submitted"}
NAMESPACE = "5b1c7a8e_9d34_4f0e_a6c1_2f7d0b9e8a11"


def own_id(template: Template) -> str:
    """360dialog's own id of a template."""
    letters = base64.b64encode(hashlib.sha256(template.id.encode()).digest()).decode()
    return re.sub(r"[^A-Za-z0-9]", "", letters)[:8] + "WT"


def template_json(account: Account, template: Template) -> Json:
    """A template as 360dialog shows it: ``external_id`` is Meta's id."""
    return {
        "id": own_id(template),
        "external_id": template.id,
        "name": template.name,
        "namespace": account.settings.get("namespace", NAMESPACE),
        "category": template.category,
        "language": template.language,
        "status": STATUSES.get(template.status, template.status.lower()),
        "rejected_reason": template.rejected_reason,
        "components": template.components,
    }


def listed(call: Call, account: Account) -> web.Response:
    """``GET /v1/configs/templates?limit=…&offset=…``."""
    limit, offset = _whole(call, "limit", LARGEST_PAGE), _whole(call, "offset", 0)
    found = [item for item in call.world.templates_of(account.waba_id) if item.status != "DELETED"]
    page = found[offset : offset + min(limit, LARGEST_PAGE)]
    return json_response(
        {
            "count": len(page),
            "filters": {},
            "limit": limit,
            "offset": offset,
            "sort": ["id"],
            "total": len(found),
            "waba_templates": [template_json(account, item) for item in page],
        }
    )


def _whole(call: Call, name: str, usual: int) -> int:
    text = call.request.query.get(name, str(usual))
    if not text.isdigit():
        raise Refusal(100, f"{name} must be a whole number.")
    return int(text)


def created(simulator: Simulator, call: Call, account: Account) -> web.Response:
    """``POST /v1/configs/templates``."""
    body = call.json()
    name, language, category = (str(body.get(key, "")) for key in ("name", "language", "category"))
    if not NAME.match(name) or not language or category.upper() not in CATEGORIES:
        raise Refusal(100, "name, language and category are required and must be valid.")
    if call.world.template_named(account.waba_id, name, language) is not None:
        raise InvalidTemplate(2388024, "Content in This Language Already Exists", "This template exists already.")
    template = Template(
        id=new_object_id(),
        waba_id=account.waba_id,
        name=name,
        language=language,
        category=category.upper(),
        components=checked_components(body.get("components"), category.upper()),
        status="PENDING",
        parameter_format=str(body.get("parameter_format", "POSITIONAL")).upper(),
    )
    simulator.save(template)
    review_later(simulator, template)
    return json_response(template_json(account, template), 201)


def changed(simulator: Simulator, call: Call, account: Account) -> web.Response:
    """``PATCH …/waba_templates/{template_id}`` of the Partner API: other components, then a new review."""
    wanted, body = call.request.match_info["template_id"], call.json()
    template = next((item for item in call.world.templates_of(account.waba_id) if own_id(item) == wanted), None)
    if template is None:
        raise InvalidTemplate(2593002, "Message Template Not Found", "There is no template with this id.")
    if template.status not in EDITABLE:
        raise InvalidTemplate(2388039, "Template Cannot Be Edited", "In this status no template can be edited.")
    if body.keys() - {"components", "allow_category_change"}:
        raise Refusal(100, "Only the components can be changed.")
    template.components = checked_components(body.get("components"), template.category)
    template.status = "PENDING"
    simulator.save(template)
    review_later(simulator, template)
    return json_response({"success": True})


def deleted(simulator: Simulator, call: Call, account: Account) -> web.Response:
    """``DELETE /v1/configs/templates/{name}``: all its languages."""
    found = [item for item in call.world.templates_of(account.waba_id) if item.name == call.request.match_info["name"]]
    if not found:
        raise InvalidTemplate(2593002, "Message Template Not Found", "There is no template with this name.")
    for template in found:
        simulator.delete_template(template.id)
    return json_response({"meta": {"success": True, "http_code": 200, "developer_message": "template deleted"}})

"""Templates in Gupshup's words: listed, made or changed by a form, deleted by name. Pure but for the reading of queries."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message

from providers.simulator.definition import VARIABLE, Definition, definition_of
from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.wires.gupshup.errors import BadForm
from providers.simulator.world import Account, Template

NAME = re.compile(r"^[a-z0-9_]{1,180}$")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
MEDIA_TYPES = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION")
KINDS_WITH_A_SAMPLE = MEDIA_TYPES[:3]
TYPES = ("TEXT", "CATALOG", "CAROUSEL", *MEDIA_TYPES)
EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
HANDLE = re.compile(r"^\d::")
# The filters of a list, and the key of an item that each looks at.
FILTERS = {
    "templateStatus": "status",
    "templateCategory": "category",
    "templateType": "templateType",
    "quality": "quality",
    "languageCode": "languageCode",
}
DEFAULT_PAGE = 1000
MADE_AT, CHANGED_AT = 1793000000000, 1793100000000
# In a sample each value stands in brackets where its variable stands in the text.
BRACKETED = re.compile(r"\[([^\]]*)\]")


def list_page(account: Account, templates: list[Template], query: Mapping[str, str]) -> list[Json]:
    """The templates that the query asks for."""
    found = [item_of(account, template) for template in templates if template.status != "DELETED"]
    for name, key in FILTERS.items():
        if name in query:
            found = [item for item in found if str(item[key]).lower() == query[name].lower()]
    page, size = int(query.get("pageNo", 0)), int(query.get("pageSize", DEFAULT_PAGE))
    return found[page * size : (page + 1) * size]


def item_of(account: Account, template: Template) -> Json:
    """A template as the list shows it."""
    definition = definition_of(template.components)
    item = {
        **_common(account, template),
        "buttonSupported": _button_word(definition),
        "containerMeta": json.dumps(_container(account, template, definition), ensure_ascii=False),
        "externalId": str(uuid.uuid5(uuid.NAMESPACE_URL, template.id).int)[:16],
        "internalCategory": 0,
        "internalType": 0,
        "namespace": template.settings.get("namespace", "9c9a2a4e_0a2b_4c3d_8e5f_6a7b8c9d0e1f"),
        "priority": 1,
        "quality": template.quality,
        "retry": 0,
        "stage": "NONE",
        "wabaId": account.waba_id,
    }
    if template.status == "REJECTED":
        item["reason"] = template.rejected_reason
    return item


def created_item(account: Account, template: Template) -> Json:
    """A template as the answer to its creation shows it."""
    return {**_common(account, template), "master": True, "modifiedOn": MADE_AT}


def _common(account: Account, template: Template) -> Json:
    definition = definition_of(template.components)
    media = definition.header_format in MEDIA_TYPES
    return {
        "appId": account.settings.get("app_id", ""),
        "category": template.category,
        "createdOn": MADE_AT,
        "data": _flat(definition),
        "elementName": template.name,
        "id": template.id,
        "languageCode": template.language,
        "languagePolicy": "deterministic",
        "meta": json.dumps({"example": _sample(template, definition)}, ensure_ascii=False),
        "modifiedOn": CHANGED_AT,
        "status": template.status,
        "templateType": "CAROUSEL" if definition.cards else definition.header_format if media else "TEXT",
        "vertical": template.settings.get("vertical", "Pedidos"),
    }


def _container(account: Account, template: Template, definition: Definition) -> Json:
    buttons = []
    for button in definition.buttons:
        entry: Json = {"type": button.type, "text": button.text}
        if button.url:
            entry["url"] = button.url
        if button.phone_number:
            entry["phone_number"] = button.phone_number
        buttons.append(entry)
    container: Json = {
        "data": definition.body_text,
        "buttons": buttons,
        "sampleText": _sample(template, definition),
        "enableSample": True,
        "editTemplate": False,
        "addSecurityRecommendation": False,
        "appId": account.settings.get("app_id", ""),
    }
    if definition.header_text:
        container["header"] = definition.header_text
    if definition.footer_text:
        container["footer"] = definition.footer_text
    return container


def _flat(definition: Definition) -> str:
    """The text for display, with the buttons behind it."""
    return " | ".join([definition.body_text, *(f"[{button.text}]" for button in definition.buttons)])


def _sample(template: Template, definition: Definition) -> str:
    return str(template.settings.get("sample") or VARIABLE.sub(r"valor\1", definition.body_text))


def _button_word(definition: Definition) -> str:
    words = {"QUICK_REPLY": "QR", "URL": "URL", "PHONE_NUMBER": "PN"}
    return ",".join(dict.fromkeys(words.get(button.type, button.type) for button in definition.buttons))


# --- creating --------------------------------------------------------------------------------------------------------


def template_of(form: Mapping[str, str], account: Account) -> Template:
    """The template that a form asks for, under review. Raises BadForm."""
    name, language, category = (form.get(key, "") for key in ("elementName", "languageCode", "category"))
    kind = form.get("templateType", "TEXT").upper()
    if not NAME.match(name) or not language or category.upper() not in CATEGORIES or kind not in TYPES:
        raise BadForm("Invalid Template Details")
    if not form.get("content", "").strip():
        raise BadForm("Template content is required")
    _samples_check(form, kind)
    return Template(
        id=str(uuid.uuid4()),
        waba_id=account.waba_id,
        name=name,
        language=language,
        category=category.upper(),
        components=_components(form, kind),
        status="PENDING",
        settings={"vertical": form.get("vertical", ""), "sample": form.get("example", "")},
    )


def change(template: Template, form: Mapping[str, str]) -> None:
    """Take over the form of a change: what it does not name stays. Raises BadForm."""
    if template.status not in EDITABLE:
        raise BadForm("Template cannot be edited in this status")
    kind, category = form.get("templateType", "TEXT").upper(), form.get("category", template.category).upper()
    if kind not in TYPES or category not in CATEGORIES or not form.get("content", "").strip():
        raise BadForm("Invalid Template Details")
    if template.status == "APPROVED" and "category" in form:
        raise BadForm("Category of an approved template cannot be edited")
    _samples_check(form, kind)
    template.components, template.category, template.status = _components(form, kind), category, "PENDING"
    template.settings["sample"] = form.get("example", "")


def _samples_check(form: Mapping[str, str], kind: str) -> None:
    if form.get("enableSample") != "true":
        return
    if not form.get("example"):
        raise BadForm("Template example is required")
    if kind in KINDS_WITH_A_SAMPLE and not HANDLE.match(form.get("exampleMedia", "")):
        raise BadForm("Invalid media handle")


def handle_of(fields: Mapping[str, str]) -> str:
    """The handle of a sample that Gupshup fetches from its address. Raises BadForm."""
    if not fields.get("file", "").startswith("https://") or "/" not in fields.get("file_type", ""):
        raise BadForm("Invalid file or file_type")
    return f"4::{base64.b64encode(fields['file_type'].encode()).decode()}:{uuid.uuid4().hex}:e:1:2:3:ARa"


def multipart_fields(body: bytes, content_type: str) -> dict[str, str]:
    """The text fields of a multipart body."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts = message.get_payload() if message.is_multipart() else []
    found = {}
    for item in parts if isinstance(parts, list) else []:
        payload = item.get_payload(decode=True) if isinstance(item, Message) else b""
        name = item.get_param("name", header="content-disposition") if isinstance(item, Message) else ""
        found[str(name)] = payload.decode() if isinstance(payload, bytes) else ""
    return found


def _components(form: Mapping[str, str], kind: str) -> list[Json]:
    components: list[Json] = []
    if kind in MEDIA_TYPES:
        components.append({"type": "HEADER", "format": kind})
    elif form.get("header"):
        components.append({"type": "HEADER", "format": "TEXT", "text": form["header"]})
    body: Json = {"type": "BODY", "text": form["content"]}
    if values := BRACKETED.findall(form.get("example", "")):
        body["example"] = {"body_text": [values]}
    components.append(body)
    if form.get("footer"):
        components.append({"type": "FOOTER", "text": form["footer"]})
    if buttons := _buttons(form.get("buttons", "")):
        components.append({"type": "BUTTONS", "buttons": buttons})
    return components


def _buttons(text: str) -> list[Json]:
    if not text:
        return []
    try:
        return [mapping(item) for item in sequence(json.loads(text))]
    except ValueError as problem:
        raise BadForm("Invalid buttons") from problem

"""The wire of Vonage."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence

from aiohttp import web

from providers.simulator.documents import compact_bytes, mapping, sequence
from providers.simulator.flow import call_of, json_response, sends
from providers.simulator.identity import new_object_id
from providers.simulator.media import FILE_KINDS
from providers.simulator.media_serving import served
from providers.simulator.refusal import Refusal
from providers.simulator.reviews import review_later
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.contract import Call, Hook, Note, Order, Result, Told, Wire
from providers.simulator.wires.facts import InboundFact, StatusFact
from providers.simulator.wires.vonage import webhooks
from providers.simulator.wires.vonage.errors import AT_ONCE, Missing, error_answer
from providers.simulator.wires.vonage.send import order_of
from providers.simulator.wires.vonage.tokens import claims_of, is_signed_by
from providers.simulator.world import Account, Customer, Template

PROVIDER = "vonage"
TEMPLATES = "/v2/whatsapp-manager/wabas/{waba_id}/templates"
PAGE_SIZE = 25
CLOCK_LEEWAY_SECONDS = 60


class VonageWire(Wire):
    """Vonage's paths, bodies, errors, signed webhooks and list of templates."""

    slug = PROVIDER
    inbound_kinds = (*Wire.inbound_kinds, *FILE_KINDS)
    at_once = AT_ONCE
    numeric_template_ids = True

    def routes(self) -> Iterable[web.RouteDef]:
        """Sends and templates."""
        return (
            web.post("/v1/messages", sends(self)),
            web.get("/v3/media/{media_id}", self.media),
            web.get(TEMPLATES, self.list_templates),
            web.post(TEMPLATES, self.create_template),
            web.get(TEMPLATES + "/{template_id}", self.get_template),
        )

    async def media(self, request: web.Request) -> web.StreamResponse:
        """``GET /v3/media/{id}`` with the account's token or key."""
        call, shelf = await call_of(request), request.app[SIMULATOR].shelf
        return await served(request, shelf, shelf.get(request.match_info["media_id"], self.account(call).waba_id))

    # --- requests --------------------------------------------------------------------------------------------------------

    def account(self, call: Call) -> Account:
        """By the application's token, or API key and secret."""
        if "Authorization" not in call.request.headers:
            raise Refusal(104)
        account = self._by_token(call) or self._by_key(call)
        if account is None or account.token_revoked:
            raise Refusal(190)
        return account

    def _by_token(self, call: Call) -> Account | None:
        token = call.authorization("Bearer")
        claims = claims_of(token)
        account = call.world.account_with(PROVIDER, application_id=str(claims.get("application_id") or "none"))
        issued, expires = claims.get("iat"), claims.get("exp")
        if account is None or not isinstance(issued, int) or not isinstance(expires, int) or not claims.get("jti"):
            return None
        if issued > call.now + CLOCK_LEEWAY_SECONDS or expires < call.now:
            return None
        return account if is_signed_by(token, account.settings.get("public_key", "")) else None

    def _by_key(self, call: Call) -> Account | None:
        try:
            key, _, secret = base64.b64decode(call.authorization("Basic"), validate=True).decode().partition(":")
        except ValueError:
            return None
        account = call.world.account_with(PROVIDER, api_key=key) if key else None
        known = account is not None and hmac.compare_digest(account.token.encode(), secret.encode())
        return account if known else None

    def read(self, call: Call) -> list[Order]:
        """The one message of the request."""
        return [order_of(call.json())]

    def template(self, call: Call, account: Account, customer: Customer, order: Order) -> Template:
        """The template, if what stands before its name is the account's namespace."""
        namespace, own = order.extra["namespace"], account.settings.get("namespace", "")
        if namespace and own and namespace != own:
            raise Refusal(132001)
        return super().template(call, account, customer, order)

    def refused(self, call: Call, refusal: Refusal) -> web.Response:
        """A problem document."""
        status, body = error_answer(refusal)
        return json_response(body, status)

    def accepted(self, call: Call, results: Sequence[Result]) -> web.Response:
        """The message's id."""
        return json_response({"message_uuid": results[0].accepted.wamid}, 202)

    # --- webhooks --------------------------------------------------------------------------------------------------------

    def status(self, fact: StatusFact) -> list[Note]:
        """One webhook."""
        return [webhooks.status_note(fact)]

    def inbound(self, fact: InboundFact) -> list[Note]:
        """One webhook."""
        return [webhooks.inbound_note(fact)]

    def render(self, account: Account, told: Sequence[Told]) -> Hook:
        """One event per request."""
        return Hook(compact_bytes(told[0].note.value))

    def sign(self, account: Account, url: str, hook: Hook, at: float) -> Mapping[str, str]:
        """A token over the body, with the time of this attempt."""
        return {"Authorization": webhooks.authorization(account, hook.body, at)} if account.app_secret else {}

    # --- templates -------------------------------------------------------------------------------------------------------

    def _owner(self, call: Call) -> Account:
        account = self.account(call)
        if call.request.match_info["waba_id"] != webhooks.waba_id(account):
            raise Missing
        return account

    async def list_templates(self, request: web.Request) -> web.Response:
        """``GET …/templates``: by cursor, as Meta does."""
        call = await call_of(request)
        account, query = self._owner(call), request.query
        found = call.world.templates_of(account.waba_id)
        ids = [template.id for template in found]
        after, limit = query.get("after", ""), query.get("limit", str(PAGE_SIZE))
        if not limit.isdigit() or int(limit) < 1 or (after and after not in ids):
            raise Refusal(100, "limit" if not after else "after")
        start = ids.index(after) + 1 if after else 0
        page = found[start : start + int(limit)]
        paging = {"cursors": {"before": page[0].id, "after": page[-1].id}} if page else {}
        if start + len(page) < len(found):
            paging["next"] = {"after": page[-1].id}
        return json_response({"templates": [_template_json(item) for item in page], "paging": paging})

    async def get_template(self, request: web.Request) -> web.Response:
        """``GET …/templates/{id}``."""
        call = await call_of(request)
        account = self._owner(call)
        template = call.world.templates.get(request.match_info["template_id"])
        if template is None or template.waba_id != account.waba_id:
            raise Missing
        return json_response(_template_json(template))

    async def create_template(self, request: web.Request) -> web.Response:
        """``POST …/templates``: PENDING at once, reviewed later."""
        call, simulator = await call_of(request), request.app[SIMULATOR]
        account, body = self._owner(call), call.json()
        name, language, category = (str(body.get(field, "")) for field in ("name", "language", "category"))
        for field, value in (("name", name), ("language", language), ("category", category)):
            if not value:
                raise Refusal(100, field)
        if call.world.template_named(account.waba_id, name, language) is not None:
            raise Refusal(100, "name: exists already")
        components = [mapping(item) for item in sequence(body.get("components"))]
        if not any(str(item.get("type", "")).upper() == "BODY" for item in components):
            raise Refusal(100, "components")
        template = Template(new_object_id(), account.waba_id, name, language, category, components, "PENDING")
        simulator.save(template)
        review_later(simulator, template)
        return json_response({"id": template.id, "status": template.status, "category": template.category}, 201)


def _template_json(template: Template) -> dict[str, object]:
    return {
        "id": template.id,
        "name": template.name,
        "status": template.status,
        "category": template.category,
        "language": template.language,
        "components": template.components,
    }

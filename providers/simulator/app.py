"""The web application: Graph under ``/v…``, the control API under ``/control``, the phone at ``/``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from providers.simulator import control, graph, lifecycle, objects, phone, templates
from providers.simulator.access import SIMULATOR, refusal_response
from providers.simulator.errors import Refusal
from providers.simulator.simulator import Simulator

LARGEST_BODY = 8 * 1024 * 1024
VERSION = r"/{version:v\d+\.\d+}"
OBJECT = VERSION + "/{object_id}"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

GRAPH_ROUTES = (
    web.post(OBJECT + "/messages", graph.send),
    web.post(OBJECT + "/marketing_messages", graph.send),
    web.get(OBJECT + "/message_history", objects.message_history),
    web.get(OBJECT + "/message_templates", templates.list_templates),
    web.post(OBJECT + "/message_templates", templates.create_template),
    web.delete(OBJECT + "/message_templates", templates.delete_templates),
    web.post(OBJECT + "/unpause", templates.unpause_template),
    web.get(OBJECT + "/phone_numbers", objects.list_numbers),
    web.get(OBJECT + "/subscribed_apps", objects.list_subscriptions),
    web.post(OBJECT + "/subscribed_apps", objects.subscribe),
    web.delete(OBJECT + "/subscribed_apps", objects.unsubscribe),
    web.get(OBJECT, objects.get_object),
    web.post(OBJECT, templates.edit_template),
    web.route("*", OBJECT + "{rest:.*}", objects.unknown_object),
)


@web.middleware
async def graph_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a refusal as Graph does."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal_response(request, refusal)


def build_application(simulator: Simulator) -> web.Application:
    """The application around one simulator, which starts and stops with it."""
    application = web.Application(client_max_size=LARGEST_BODY, middlewares=[graph_errors])
    application[SIMULATOR] = simulator
    application.cleanup_ctx.append(_running)
    application.add_routes(GRAPH_ROUTES)
    for prefix, part in (("/control", control.control_application()), ("/phone", phone.phone_application())):
        part[SIMULATOR] = simulator
        application.add_subapp(prefix, part)
    application.router.add_get("/", phone.page)
    return application


async def _running(application: web.Application) -> AsyncIterator[None]:
    simulator = application[SIMULATOR]
    await simulator.webhooks.start()
    lifecycle.resume(simulator)
    yield
    await simulator.stop()

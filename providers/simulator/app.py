"""The web application: every wire under its slug (Meta's also at the root), ``/control``, the phone at ``/``."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from providers.simulator import control, lifecycle, phone
from providers.simulator.flow import refusals_of
from providers.simulator.simulator import SIMULATOR, Simulator

LARGEST_BODY = 8 * 1024 * 1024
AT_THE_ROOT = "meta"


def build_application(simulator: Simulator) -> web.Application:
    """The application around one simulator, which starts and stops with it."""
    root = simulator.wires[AT_THE_ROOT]
    application = web.Application(client_max_size=LARGEST_BODY, middlewares=[refusals_of(root)])
    application[SIMULATOR] = simulator
    application.cleanup_ctx.append(_running)
    application.add_routes(list(root.routes()))
    parts = {"/control": control.control_application(), "/phone": phone.phone_application()}
    for slug, wire in simulator.wires.items():
        parts[f"/{slug}"] = web.Application(middlewares=[refusals_of(wire)])
        parts[f"/{slug}"].add_routes(list(wire.routes()))
    for prefix, part in parts.items():
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

"""All wires. A new one is an import and its place in the tuple."""

from __future__ import annotations

from collections.abc import Mapping

from providers.simulator.wires.clickatell.wire import ClickatellWire
from providers.simulator.wires.contract import Wire
from providers.simulator.wires.dialog360.wire import Dialog360Wire
from providers.simulator.wires.gupshup.wire import GupshupWire
from providers.simulator.wires.infobip.wire import InfobipWire
from providers.simulator.wires.messagebird.wire import MessageBirdWire
from providers.simulator.wires.meta.wire import MetaWire
from providers.simulator.wires.sinch.wire import SinchWire
from providers.simulator.wires.twilio.wire import TwilioWire
from providers.simulator.wires.vonage.wire import VonageWire
from providers.simulator.wires.zenvia.wire import ZenviaWire

WIRES: Mapping[str, Wire] = {
    wire.slug: wire
    for wire in (
        MetaWire(),
        Dialog360Wire(),
        SinchWire(),
        VonageWire(),
        ZenviaWire(),
        MessageBirdWire(),
        InfobipWire(),
        ClickatellWire(),
        TwilioWire(),
        GupshupWire(),
    )
}

"""Where the demo's adapters find their providers: all in the simulator, each under a prefix of its own but the main one.

The starting program reads this before there are settings, so it names the providers itself.
"""

from __future__ import annotations

#: The provider of the company's main accounts, which the simulator serves at its root.
PROVIDER = "meta"
OTHERS = (
    "clickatell",
    "dialog360",
    "gupshup",
    "infobip",
    "messagebird",
    "sinch",
    "twilio",
    "vonage",
    "zenvia",
)


def provider_urls(simulator_url: str) -> dict[str, str]:
    """The base URL of every provider, by slug."""
    return {PROVIDER: simulator_url} | {slug: f"{simulator_url}/{slug}" for slug in OTHERS}

"""The portal's settings, with one more address: the empty view that webhooks are compared with, reached as they are."""

from hsm_portal.settings import *  # noqa: F403

ROOT_URLCONF = "bench.web_urls"
MACHINE_ADDRESSES = ("/webhooks/", "/bench/")

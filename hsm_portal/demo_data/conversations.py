"""What people write about: topics with the customer's lines, the agent's, and what a query keeps of them."""

from __future__ import annotations

from dataclasses import dataclass, field

CUSTOMER, AGENT = "customer", "agent"


@dataclass(frozen=True, slots=True)
class Topic:
    """A case as it usually goes. `lines` alternate freely: (who, text)."""

    subject: str
    lines: tuple[tuple[str, str], ...]
    resolution: str
    note: str
    data: dict[str, str] = field(default_factory=dict)


def _topic(subject: str, resolution: str, note: str, *lines: str, **data: str) -> Topic:
    """`lines` begin with > when they are the agent's."""
    told = tuple((AGENT, line[1:].strip()) if line.startswith(">") else (CUSTOMER, line) for line in lines)
    return Topic(subject, told, resolution, note, data)


CLINIC_TOPICS = (
    _topic(
        "Turno con traumatología",
        "Turno reservado",
        "Prefiere por la tarde, después de las 15.",
        "Hola, quiero un turno con el traumatólogo",
        "Me duele la rodilla desde el lunes",
        "> ¡Hola! Soy {agent}, te ayudo. ¿Tenés orden médica?",
        "Sí, me la dio el clínico",
        "> Perfecto. Busco lugar y te escribo con los horarios.",
        estudio="consulta de traumatología",
        fecha="viernes, 15:30\u00a0h",
    ),
    _topic(
        "Resultado de análisis",
        "Informe enviado",
        "Falta la firma del laboratorio; reclamar mañana.",
        "Buen día, ¿ya está el resultado de mi análisis de sangre?",
        "> ¡Buen día! Lo consulto con el laboratorio.",
        "Gracias, lo necesito para el jueves",
        "> Me dicen que está para mañana a la mañana.",
        estudio="análisis de sangre",
        fecha="jueves, 9:00\u00a0h",
    ),
    _topic(
        "Resonancia de rodilla",
        "Estudio confirmado",
        "La obra social pidió historia clínica.",
        "Necesito hacerme una resonancia de rodilla",
        "¿Atienden por OSDE?",
        "> Sí, con autorización previa. ¿Me mandás una foto de la orden?",
        "Dale, a la noche te la mando",
        estudio="resonancia de rodilla",
        fecha="martes, 8:15\u00a0h",
    ),
    _topic(
        "Reprogramar turno",
        "Turno reprogramado",
        "Viaja la semana que viene.",
        "Hola, tengo turno el miércoles y no llego",
        "¿Se puede pasar?",
        "> Claro. ¿Te sirve el viernes a las 10?",
        "Déjame ver y te confirmo",
        estudio="control clínico",
        fecha="viernes, 10:00\u00a0h",
    ),
    _topic(
        "Presupuesto de chequeo",
        "Presupuesto enviado",
        "Pidió factura A.",
        "¿Cuánto sale el chequeo anual sin obra social?",
        "> Hola, depende de la edad. ¿Me decís cuántos años tenés?",
        "47",
        "> Te paso el detalle en un rato.",
        estudio="chequeo anual",
        fecha="lunes, 7:45\u00a0h",
    ),
    _topic(
        "Preparación para ecografía",
        "Indicaciones enviadas",
        "Avisar que traiga estudios anteriores.",
        "¿Cómo tengo que ir preparada para la ecografía abdominal?",
        "> Ayuno de 8 horas y la vejiga llena.",
        "¿Puedo tomar la medicación de la presión?",
        estudio="ecografía abdominal",
        fecha="jueves, 11:20\u00a0h",
    ),
    _topic(
        "Certificado médico",
        "Certificado listo en recepción",
        "Lo retira la hermana.",
        "Necesito un certificado para el trabajo",
        "Es por la consulta del martes",
        "> Se lo pido a la doctora y te aviso.",
        estudio="certificado médico",
        fecha="miércoles, 16:00\u00a0h",
    ),
    _topic(
        "Vacunas del viajero",
        "Turno reservado",
        "Viaja a Brasil el 20.",
        "Hola, ¿aplican la vacuna de la fiebre amarilla?",
        "> Sí, los martes y jueves. ¿Para cuándo la necesitás?",
        "Viajo en tres semanas",
        estudio="vacuna de fiebre amarilla",
        fecha="martes, 14:00\u00a0h",
    ),
)

SHOP_TOPICS = (
    _topic(
        "Pedido de lentes progresivos",
        "Pedido entregado",
        "El laboratorio promete para el viernes.",
        "Hola, ¿cómo viene mi pedido de lentes?",
        "> ¡Hola! Soy {agent}. Lo reviso con el laboratorio.",
        "Es el de los progresivos",
        "> Está en calibrado, falta poco.",
        pedido="OS-1043",
        fecha="viernes, 17:00\u00a0h",
    ),
    _topic(
        "Receta vencida",
        "Derivado a oftalmología",
        "Tiene receta de 2023.",
        "Mi receta es de hace tres años, ¿sirve?",
        "> Conviene actualizarla. Podemos darte turno de control visual.",
        "Bueno, ¿qué días hay?",
        pedido="OS-1107",
        fecha="miércoles, 10:30\u00a0h",
    ),
    _topic(
        "Armazón agotado",
        "Cambió de modelo",
        "Le gustó el modelo clásico en carey.",
        "¿Les queda el armazón negro mate talla chica?",
        "> Se agotó, llega en diez días. ¿Te aviso?",
        "Sí, por favor",
        pedido="OS-1212",
        fecha="lunes, 12:00\u00a0h",
    ),
    _topic(
        "Garantía de antirreflejo",
        "Garantía aplicada",
        "Comprados hace 4 meses.",
        "Se me rayó el antirreflejo y lo compré hace poco",
        "¿Lo cubre la garantía?",
        "> Sí, durante un año. Traelos y los cambiamos.",
        pedido="OS-0988",
        fecha="sábado, 10:00\u00a0h",
    ),
)

BRAZILIAN_TOPICS = (
    _topic(
        "Óculos de grau",
        "Pedido confirmado",
        "Pagou a metade.",
        "Oi, queria saber do meu óculos de grau",
        "> Olá! Aqui é {agent}, vou verificar.",
        "Obrigado!",
        "> Chega na quinta-feira na loja.",
        pedido="OS-1330",
        fecha="quinta, 15h",
    ),
    _topic(
        "Lentes de contato",
        "Enviado por correio",
        "Usa lentes tóricas.",
        "Vocês têm lente de contato tórica?",
        "> Temos sim. Qual é o seu grau?",
        "Vou procurar a receita e te mando",
        pedido="OS-1351",
        fecha="sexta, 11h",
    ),
)

#: What customers say to an HSM that takes their query up again: (text, whether it is a tapped button).
ANSWERS = (
    ("Sí, reservar", True),
    ("Sí, reservar", True),
    ("Ver otros horarios", True),
    ("Hola! sí, me sirve, gracias", False),
    ("Ya lo resolví, gracias igual", False),
    ("¿Puede ser un poco más tarde?", False),
)
SHOP_ANSWERS = (
    ("Sí, sigamos", True),
    ("Cambiar algo", True),
    ("Dale, paso mañana", False),
    ("¿Cuánto me falta pagar?", False),
)
THANKS = ("¡Listo! Quedó confirmado.", "Perfecto, te esperamos.", "Hecho. Cualquier cosa nos escribís.")

"""Does a text ask people to write in public what nobody else should read? Pure; for the checker of rules.yaml.

A text asks where one sentence names such data together with a word of asking, and nothing in the text leads to a more private place.
"""

from __future__ import annotations

import regex

from listener.text import clean
from responders.lexicon import PRIVATE_WORDS
from responders.wording import find_words

DATA = (
    *("order number", "order no", "customer number", "account number", "card number", "phone number", "email address", "e-mail address"),
    *(
        "your email",
        "your e-mail",
        "your phone",
        "your address",
        "your date of birth",
        "your password",
        "tracking number",
        "booking number",
    ),
    *("bestellnummer", "kundennummer", "kontonummer", "kartennummer", "telefonnummer", "e-mail-adresse", "mailadresse", "geburtsdatum"),
    *("numéro de commande", "numéro de client", "numéro de téléphone", "adresse e-mail", "adresse mail", "date de naissance"),
    *("número de pedido", "número de cliente", "número de teléfono", "correo electrónico", "fecha de nacimiento"),
    *("numero d'ordine", "numero di telefono", "indirizzo email", "número do pedido", "bestelnummer", "telefoonnummer", "e-mailadres"),
    *("numer zamówienia", "numer telefonu", "sipariş numarasi", "telefon numarasi", "注文番号", "電話番号", "メールアドレス"),
)
ASKING = (
    *("send", "tell", "share", "give us", "give me", "reply with", "let us know", "let me know", "post your", "need your", "need the"),
    *("what is", "what's", "which", "could you", "can you", "please", "bitte", "schicken", "senden", "schreiben", "nennen", "wie lautet"),
    *("brauchen", "envoyez", "donnez", "indiquez", "quel est", "s'il vous plaît", "merci de", "envíe", "envíanos", "indique", "cuál es"),
    *("por favor", "per favore", "inviaci", "envie", "graag", "stuur", "geef", "proszę", "podaj", "lütfen", "ください", "教えて"),
)
ELSEWHERE = (
    *("contact page", "contact form", "our site", "our website", "kontaktseite", "kontaktformular", "website", "webseite", "formulaire"),
    *("formulario", "お問い合わせ", "サイト", "never post", "do not post", "don't post", "not here", "nicht hier", "pas ici", "no aquí"),
)
_LINK = regex.compile(r"https?://|\bwww\.|\{link\}")
_SENTENCE = regex.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s*")


def asks_for(text: str) -> str:
    """Return the words by which a public text asks for what should not stand in public, or ""."""
    if find_words(PRIVATE_WORDS, text) or find_words(ELSEWHERE, text) or _LINK.search(clean(text)):
        return ""
    for sentence in _SENTENCE.split(text):
        data = find_words(DATA, sentence)
        if data and find_words(ASKING, sentence):
            return data[0]
    return ""

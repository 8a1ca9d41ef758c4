"""Posts to measure with: made up from word lists, in eight languages, no two of them equal; or real ones from a file.

Lengths and kinds are mixed as in what brands hear: two in five complain, one in four asks, one in five is content, the rest only speaks of
the brand. One in 1,000 is a cry for help where that is asked for. The same seed makes the same posts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from html import escape
from itertools import count, islice
from pathlib import Path

HANDLE = "acme@mastodon.social"

PRODUCTS = (
    "trail shoes",
    "running shoes",
    "winter boots",
    "sandals",
    "hiking boots",
    "sneakers",
    "slippers",
    "court shoes",
    "insoles",
    "laces",
)
CITIES = (
    "Leeds",
    "Lyon",
    "Porto",
    "Graz",
    "Ghent",
    "Turin",
    "Bilbao",
    "Cork",
    "Bergen",
    "Malmö",
    "Kraków",
    "Brno",
    "Kyoto",
    "Austin",
    "Quito",
)
PARTS = (
    "the sole",
    "the left heel",
    "the zip",
    "the lining",
    "the box",
    "the invoice",
    "the parcel",
    "the app",
    "the checkout",
    "the voucher",
)

# language -> kind -> sentences; {p} product, {c} city, {t} part, {n} a number, {d} days
SENTENCES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "complaint": (
            "you charged me twice for order {n} and support ignores me",
            "{t} of my {p} came apart after {d} days, and nobody answers",
            "day {d} of waiting for parcel {n}. Still nothing.",
            "Great, ANOTHER outage while I was paying for {p}. Thanks a lot",
            "your shop in {c} refused to take back {p} with a receipt, that is ridiculous",
            "I have been on hold for {d} hours about {t}, this is the worst service I ever had",
        ),
        "question": (
            "do you have the {p} in size {d}?",
            "how do I return {p} from order {n} if {t} does not fit?",
            "is the shop in {c} open on Sunday? I would like to try the {p}",
            "when will order {n} leave for {c}?",
            "I want to buy {d} pairs of {p} for our team in {c}, whom do I ask?",
        ),
        "praise": (
            "love the new {p}, wore them through {c} for {d} days and not one blister!",
            "the lady in your {c} shop helped me for {d} minutes, thank you so much",
            "best {p} I ever had, order {n} came a day early",
        ),
        "talk": (
            "walked past the Acme shop in {c} with number {n} on the door today",
            "my brother works for Acme in {c} and has {d} pairs of {p} now",
            "somebody in the train to {c} wore {p} by Acme, seat {n}",
        ),
    },
    "de": {
        "complaint": (
            "ihr habt mir Bestellung {n} doppelt abgebucht und keiner antwortet",
            "nach {d} Tagen ist bei meinen Schuhen die Sohle ab, so ein Schrott",
            "warte seit {d} Tagen auf Paket {n}, der Kundendienst in {c} meldet sich nicht",
        ),
        "question": ("habt ihr die Schuhe auch in Größe {d}?", "wie kann ich Bestellung {n} zurückschicken, wenn sie nicht passt?"),
        "praise": ("die neuen Schuhe sind super, {d} Tage durch {c} gelaufen, danke!", "Bestellung {n} war schon gestern da, ganz toll"),
        "talk": ("war heute bei Acme in {c}, Schlange mit {d} Leuten",),
    },
    "es": {
        "complaint": (
            "me cobraron dos veces el pedido {n} y nadie responde",
            "llevo {d} días esperando el paquete {n} en {c}, qué vergüenza",
        ),
        "question": ("¿tienen estas zapatillas en la talla {d}?", "¿cómo devuelvo el pedido {n} desde {c}?"),
        "praise": ("me encantan las zapatillas nuevas, {d} días por {c} sin una ampolla, ¡gracias!",),
        "talk": ("vi la tienda de Acme en {c}, puerta {n}",),
    },
    "fr": {
        "complaint": (
            "ma commande {n} a été débitée deux fois et personne ne répond",
            "{d} jours que j'attends le colis {n} à {c}, c'est nul",
        ),
        "question": ("avez-vous ces chaussures en taille {d} ?", "comment renvoyer la commande {n} depuis {c} ?"),
        "praise": ("j'adore mes nouvelles chaussures, {d} jours à {c} sans une ampoule, merci !",),
        "talk": ("je suis passé devant la boutique Acme de {c}, numéro {n}",),
    },
    "pt": {
        "complaint": ("cobraram duas vezes o pedido {n} e ninguém responde", "estou há {d} dias à espera da encomenda {n} em {c}, péssimo"),
        "question": ("vocês têm estes sapatos no tamanho {d}?",),
        "praise": ("adorei os sapatos novos, {d} dias em {c} sem uma bolha, obrigado! pedido {n}",),
        "talk": ("passei pela loja da Acme em {c}, porta {n}",),
    },
    "it": {
        "complaint": (
            "mi avete addebitato due volte l'ordine {n} e nessuno risponde",
            "aspetto il pacco {n} da {d} giorni a {c}, vergognoso",
        ),
        "question": ("avete queste scarpe nel numero {d}? Per l'ordine {n}",),
        "praise": ("adoro le scarpe nuove, {d} giorni a {c} senza una vescica, grazie!",),
        "talk": ("sono passato davanti al negozio Acme di {c}, civico {n}",),
    },
    "nl": {
        "complaint": (
            "bestelling {n} is dubbel afgeschreven en niemand reageert",
            "ik wacht al {d} dagen op pakket {n} in {c}, waardeloos",
        ),
        "question": ("hebben jullie deze schoenen in maat {d}?",),
        "praise": ("geweldige schoenen, {d} dagen door {c} zonder blaar, dank jullie wel! {n}",),
        "talk": ("liep langs de winkel van Acme in {c}, nummer {n}",),
    },
    "ja": {
        "complaint": (
            "注文{n}が二重に請求されました。サポートから{d}日も返事がありません。",
            "靴底が{d}日で剥がれました。とても残念です。注文{n}",
        ),
        "question": ("この靴の{d}センチはありますか。", "注文{n}はいつ{c}に届きますか。"),
        "praise": ("新しい靴が最高です!{c}を{d}日歩いても痛くありません。ありがとうございます。",),
        "talk": ("今日、{c}のAcmeの店の前を通りました。{n}番地。",),
    },
}
MORE = {
    "en": (
        "I bought them in {c} because a friend told me they would last, and now I do not know what to do.",
        "Order {n}, paid by card.",
        "Asking for my mother, who is {d} and walks a lot.",
        "Photo follows.",
        "I wrote to you {d} times already!!",
        "It rained all week in {c}, so they were tested properly.",
    ),
    "de": ("Bestellung {n}, bezahlt mit Karte.", "Gekauft in {c}, weil ein Freund sie empfohlen hat, und jetzt das.", "Foto kommt."),
    "es": ("Pedido {n}, pagado con tarjeta.", "Las compré en {c} porque me las recomendó un amigo."),
    "fr": ("Commande {n}, payée par carte.", "Achetées à {c} sur le conseil d'un ami."),
    "pt": ("Pedido {n}, pago com cartão.",),
    "it": ("Ordine {n}, pagato con carta.",),
    "nl": ("Bestelling {n}, betaald met kaart.",),
    "ja": ("{c}で買いました。",),
}
CRIES = (
    "the charger started smoking and burned my daughter's hand",
    "my son got an electric shock from the heated insoles",
    "the battery swelled and melted in the box, there was fire in the kitchen",
    "somebody stole my card and is ordering shoes with it from my account right now, please stop it",
)
SIGNS = ("", "", "", "", " 😡", " 👍", " ❤️", " 😂", " 🙏", " #acme", " #acmefail", " https://example.com/p/{n}")
_LANGUAGES = ("en",) * 11 + ("de",) * 3 + ("es", "es", "fr", "fr", "pt", "it", "nl", "ja")
_KINDS = ("complaint",) * 8 + ("question",) * 5 + ("praise",) * 4 + ("talk",) * 3


def texts(seed: int = 7, *, cries: int = 0) -> Iterator[tuple[str, str, bool]]:
    """Make up posts without end: the text, its language, and whether it is a cry for help, as one in `cries` is (0: none)."""
    chance = random.Random(seed)  # noqa: S311 - the same posts each time
    for number in count(1):
        if cries and number % cries == 0:
            yield f"@{HANDLE} {chance.choice(CRIES)} in {chance.choice(CITIES)}, order {number}", "en", True
            continue
        language = chance.choice(_LANGUAGES)
        kind = chance.choice(_KINDS)
        parts = [chance.choice(SENTENCES[language][kind]), *chance.choices(MORE[language], k=chance.choice((0, 0, 1, 1, 2, 3)))]
        words = " ".join(parts) + chance.choice(SIGNS)
        filled = words.format(p=chance.choice(PRODUCTS), c=chance.choice(CITIES), t=chance.choice(PARTS), n=number, d=chance.randint(2, 48))
        named = filled if kind == "talk" else f"@{HANDLE} {filled}"
        yield (named if str(number) in named else f"{named} ({number})"), language, False


def told(path: Path) -> Iterator[tuple[str, str, bool]]:
    """Read posts from JSON lines with a `text`, over and over; each round numbers them, so that no two are equal."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for number in count():
        one = lines[number % len(lines)]
        lap = number // len(lines)
        words = str(one["text"])
        yield (f"{words} ({lap})" if lap else words), str(one.get("language") or "en"), False


def status(number: int, text: str, language: str, at: datetime) -> dict[str, object]:
    """Return a status as a Mastodon server tells it (docs.joinmastodon.org, entities/Status, November 2026), with all its fields."""
    handle, author = f"person{number % 50_000}", str(10_000 + number % 50_000)
    moment = at.isoformat().replace("+00:00", "Z")
    html = f"<p>{escape(text)}</p>".replace(
        f"@{HANDLE}", '<span class="h-card"><a href="https://mastodon.social/@acme" class="u-url mention">@<span>acme</span></a></span>'
    )
    account = {
        "id": author, "username": handle, "acct": f"{handle}@town.example", "display_name": f"Person {number % 50_000}", "locked": False,
        "bot": False, "discoverable": True, "group": False, "created_at": "2024-03-01T00:00:00.000Z",
        "note": "<p>Walks a lot. Reads more.</p>", "url": f"https://town.example/@{handle}", "avatar": f"https://town.example/a/{author}.png",
        "avatar_static": f"https://town.example/a/{author}.png", "header": "https://town.example/h.png",
        "header_static": "https://town.example/h.png", "followers_count": number % 900, "following_count": 120, "statuses_count": 1_234,
        "last_status_at": "2026-11-19", "emojis": [], "fields": [{"name": "web", "value": "example.org", "verified_at": None}],
    }  # fmt: skip
    named = [{"id": "1", "username": "acme", "url": "https://mastodon.social/@acme", "acct": "acme"}] if HANDLE in text else []
    return {
        "id": str(113_000_000_000_000_000 + number), "created_at": moment, "in_reply_to_id": None, "in_reply_to_account_id": None,
        "sensitive": False, "spoiler_text": "", "visibility": "public", "language": language,
        "uri": f"https://town.example/users/{handle}/statuses/{number}", "url": f"https://town.example/@{handle}/{number}",
        "replies_count": 0, "reblogs_count": 0, "favourites_count": number % 7, "edited_at": None, "favourited": False, "reblogged": False,
        "muted": False, "bookmarked": False, "content": html, "filtered": [], "reblog": None,
        "application": {"name": "Web", "website": None}, "account": account, "media_attachments": [], "mentions": named,
        "tags": [{"name": "acme", "url": "https://mastodon.social/tags/acme"}] if "#acme" in text else [], "emojis": [], "card": None,
        "poll": None,
    }  # fmt: skip


def pages(posts: Iterator[tuple[str, str, bool]], begin: datetime, *, number: int, size: int = 100, first: int = 1) -> Iterator[bytes]:
    """Return so many posts as a server would send them: JSON, `size` a page, one post a millisecond, numbered from `first`."""
    counted = enumerate(islice(posts, number), first)
    while page := list(islice(counted, size)):
        rows = [status(place, text, language, begin + timedelta(milliseconds=place)) for place, (text, language, _) in page]
        yield json.dumps(rows, ensure_ascii=False).encode()

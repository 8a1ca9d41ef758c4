"""Words as data: what no text of ours says, and what no text of ours repeats.

Insults are kept turned by thirteen letters, so that reading this file spares its reader. The lists are small on purpose: they catch
bait and slips, and a person sees the rest.
"""

from __future__ import annotations

import codecs


def _turned(words: str) -> frozenset[str]:
    return frozenset(codecs.decode(words, "rot13").split())


INSULTS_ANYWHERE = _turned(
    "avttre avttn avtyrg snttbg snttrg puvax jrgonpx enturnq gbjryurnq fnaqavttre genaal genaavr furznyr ergneq cnwrrg "
    "wvtnobb ornare tbyyvjbt juber encrure xvyylbhefrys uvgyre fvrturvy urvyu juvgrcbjre juvgrcevqr tnfgur ubybubnk sbgmr "
    "uherafbua xnanxr fpujhpugry zvfftroheg znevpba fhqnpn fnybcr obhtabhyr sebpvb puhexn shpx shpxrq shpxre shpxref shpxva "
    "shpxvat zbgureshpxre zbgureshpxvat ohyyfuvg ovgpu ovgpurf onfgneq nffubyr nefrubyr qvpxurnq jnaxre vzorpvyr fpurvffr "
    "fpurvff nefpuybpu svpxra jvpufre ireqnzzg chgnva pbaaneq pbaanffr raphyr zvreqn tvyvcbyynf pnoeba craqrwb fgebamb "
    "inssnaphyb chggnan pnenyub xybbgmnx tbqireqbzzr"
)
"""Insults that a handle may hold to bait us into saying them; no harmless word has them inside."""

INSULTS_WHOLE = _turned(
    "xvxr tbbx fcvpx pbba cnxv qlxr tlcb phag fyhg encvfg xlf anmv 1488 xxx snt artre chgn arter chgr arteb cvqbe muvq "
    "shpxf fuvg fuvgf fuvggl gjng cvff cvffrq penccl tbqqnza nefpu svpx zreqr chgb wbqre pnmmb zreqn sbqn cbeen xhejn"
)
"""Insults that are also part of harmless words and names, so only a whole part of a handle counts."""

PROFANITY = _turned(
    "shpx shpxf shpxrq shpxre shpxref shpxva shpxvat zbgureshpxre zbgureshpxvat fuvg fuvgf fuvggl ohyyfuvg ovgpu ovgpurf "
    "onfgneq nffubyr nefrubyr qvpxurnq cevpx jnaxre gjng phag juber fyhg cvff cvffrq penc penccl qnza tbqqnza vqvbg vqvbgf "
    "zbeba zbebaf vzorpvyr fpurvffr fpurvßr fpurvß fpurvff nefpuybpu nefpu svpx svpxra jvpufre uherafbua sbgmr ireqnzzg "
    "zreqr chgnva pbaaneq pbaanffr fnybcr raphyr raphyé zvreqn chgn chgb wbqre tvyvcbyynf pnoeba pnoeóa craqrwb pbñb pnmmb "
    "zreqn fgebamb inssnaphyb chggnan pnenyub sbqn cbeen xhg xybbgmnx tbqireqbzzr xhejn хуй блядь сука пиздец"
)
"""Words that are never said to anybody, in several languages; matched whole."""

BAIT_ANYWHERE = frozenset({"boycott", "sucks", "scammer", "fraudster"})
BAIT_WHOLE = frozenset({"scam", "scams", "fraud", "hate", "hates", "liars", "lies"})
"""Harmless words that turn a handle into a statement when a brand repeats it."""

AGAINST_OURSELVES = (
    *("we suck", "we are terrible", "we're terrible", "we are useless", "we're useless", "we are the worst", "we're the worst"),
    *("worst company", "we are scammers", "we don't care", "we do not care", "our service is terrible", "our product is terrible"),
)
"""What people have made brands' machines say about themselves."""

PROMISES_OF_LAW = ("legally binding", "rechtsverbindlich")
"""Words that make a contract of a reply."""

PRIVATE_WORDS = (
    *(
        "private message",
        "private messages",
        "direct message",
        "direct messages",
        "message you privately",
        "messaged you",
        "dm",
        "dms",
    ),
    *(
        "sent you a pm",
        "check your inbox",
        "check your messages",
        "in private",
        "privatnachricht",
        "direktnachricht",
        "private nachricht",
        "privaten nachricht",
        "privatnachrichten",
        "direktnachrichten",
    ),
    *(
        "message privé",
        "message direct",
        "en privé",
        "mensaje privado",
        "mensaje directo",
        "messaggio privato",
        "messaggio diretto",
        "messages privés",
        "messages directs",
        "mensajes privados",
        "mensajes directos",
        "messaggi privati",
        "messaggi diretti",
    ),
    *("mensagem privada", "mensagem direta", "mensagens privadas", "mensagens diretas", "privébericht", "privéberichten"),
    *("wiadomość prywatna", "wiadomość prywatną", "wiadomości prywatnej", "wiadomości prywatne"),
    *("личное сообщение", "личные сообщения", "личном сообщении", "личных сообщениях", "личным сообщением"),
    *("非公開のメッセージ", "非公開メッセージ", "ダイレクトメッセージ", "プライベートメッセージ", "個別メッセージ", "個別のメッセージ"),
)
"""Ways to speak of a private message."""

ASKS_FOR_PRIVATE = (
    *("dm us", "pm us", "message us", "write us", "write to us", "send us", "drop us", "contact us", "reach us", "tell us"),
    *("schreib uns", "schreiben sie uns", "schick uns", "schicken sie uns", "écrivez-nous", "envoyez-nous", "escríbenos"),
    *("envíanos", "scrivici", "inviaci", "escreva-nos", "stuur ons", "napisz do nas", "напишите нам"),
    *("お知らせください", "お送りください", "お寄せください", "ご連絡ください", "教えてください", "お聞かせください"),
)
"""Ways to ask the person to write in private, which promises nothing of ours."""

_SEEN = (
    # Cyrillic
    ("\u0430\u0432\u0433\u0435\u0454\u0437\u0456\u0457\u0458\u043a\u043c\u043d", "abreeeiijkmh"),
    ("\u043e\u043f\u0440\u0441\u0442\u0443\u0445\u0455\u04bb\u0501\u050d\u051b", "onpctyxshdgq"),
    ("\u051d\u04cf", "wl"),
    # Greek
    ("\u03b1\u03b2\u03b3\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c3", "abyenikuvopo"),
    ("\u03c4\u03c5\u03c7\u03c9", "tuxw"),
    # small capitals and their like
    ("\u0131\u0261\u0251\u0269\u0262\u026a\u0274\u0280", "igaiginr"),
    # digits and signs
    ("013456789@$!", "oieasgtbgasi"),
    ("|\u20ac+", "let"),
)
LOOKALIKES = {ord(one): read for written, letters in _SEEN for one, read in zip(written, letters, strict=True)}
"""Letters and digits that are read as a Latin letter: Cyrillic, Greek, small capitals, and digits used as letters."""

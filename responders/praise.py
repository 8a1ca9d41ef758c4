"""Plain praise: what may be thanked for without a person reading it. Mockers write in kind words too, so the doubt decides.

A kind post is plain where it holds no word of trouble or mockery, and next to nothing besides the words that people praise with. One
word may be anything (what is praised); a post that tells a story is read by a person first, who finds a draft. The lists are written
with "_" for the space inside a phrase.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from responders.wording import Listed, words

_ADDRESSED = re.compile(r"[@#]\S+")
_MAY_BE_ANYTHING = 1  # so many words of a plain post may be any

# Words beside which kind words are not plain.
_ENGLISH = (
    "again another still finally at_last but although though however except despite instead yet shame pity sadly unfortunately "
    "if_only if no not never nobody no_one nothing none without cannot can't don't doesn't didn't won't wasn't isn't aren't weren't "
    "couldn't haven't delay delays delayed late cancel canceled cancelled cancelling lost lose loses losing missing missed broke "
    "broken crash crashed fail failed fails wrong worse worst bad terrible awful rude slow stuck ignore ignored ignores ignoring wait "
    "waited waiting on_hold hung_up hour hours days weeks months hate ruined ruining charged refund fee fees voucher overpriced issue "
    "issues problem problems complaint as_always as_usual of_course how_thoughtful how_kind how_generous of_you_to great_job nice_job "
    "good_job well_done way_to_go bravo congrats congratulations kudos genius brilliant_idea very_funny hilarious what_a_treat bless "
    "love_you_too at_being supposed_to lol lmao 🙄 🙃 😒 🤡"
)
_GERMAN = (
    "wieder nochmal immer_noch endlich aber doch leider schade trotz trotzdem nur nicht nichts kein keine keinen keiner nie niemand "
    "ohne wenn verspätung verspätet zu_spät storniert ausgefallen verloren weg kaputt defekt falsch schlecht langsam warten gewartet "
    "stunde stunden tage tagen wochen monate monaten problem probleme bravo glückwunsch toll_gemacht super_gemacht gut_gemacht "
    "na_danke wie_immer hauptsache"
)
_ROMANCE = (
    "encore enfin mais hélas dommage malgré pas jamais rien personne sans retard perdu perdue annulé cassé panne lent pire mauvais "
    "attente heure heures jours semaines mois problème bravo félicitations comme_d'habitude otra_vez de_nuevo por_fin pero lástima "
    "aunque no nunca nada nadie sin si retraso perdido perdida cancelado roto lento peor mal espera hora horas días semanas meses "
    "problema felicidades enhorabuena como_siempre ancora di_nuovo finalmente ma però peccato purtroppo non mai niente nessuno senza "
    "se ritardo perso persa cancellato rotto peggio male attesa ore giorni settimane mesi complimenti come_sempre de_novo mas pena "
    "infelizmente não ninguém sem atraso quebrado pior dias parabéns"
)
_OTHERS = (
    "weer alweer opnieuw nog_steeds eindelijk maar jammer helaas niet niks geen nooit niemand zonder als vertraging kwijt geannuleerd "
    "kapot traag slecht fout wachten uur uren dagen weken maanden gefeliciteerd znowu znów wreszcie ale szkoda niestety nie nic nigdy "
    "nikt bez opóźnienie zgubiony odwołany zepsuty wolno źle godzin godziny dni tygodni brawo gratulacje yine sonunda nihayet ama "
    "maalesef yazık değil yok hiç kimse gecikme kayıp iptal bozuk yavaş kötü saat saattir gündür hafta tebrikler"  # noqa: RUF001  # the letter is Turkish
    " また でも けど しかし 残念 ない なかった ません 遅 壊れ 待た さすが"
)

# Words that kind posts are made of.
_PLAIN_ENGLISH = (
    "a an the this that these those my your our their his her its i i'm i've i'd you you're u we we're we've they they're it it's he "
    "she me us them him and or so such very really absolutely totally truly just ever always all every everything everyone everybody "
    "much many more most lot lots of for from with to in on at by as is am are was were be been have has had got get do did does make "
    "makes made day today yesterday week year years time times first new now here there up too also what how oh omg wow since yes can "
    "will would could want know see look looks looking feel feels say go went back best better good great amazing awesome excellent "
    "fantastic wonderful lovely brilliant perfect perfectly superb beautiful gorgeous stunning incredible outstanding nice cool sweet "
    "kind friendly helpful fast quick quickly easy easily comfortable comfy comfiest cozy cosy delicious tasty yummy fresh favourite "
    "favorite happy glad pleased delighted impressed grateful thankful thrilled excited proud love loved loves loving like likes "
    "liked enjoy enjoyed enjoying adore adored adores recommend recommended highly thanks thank thx ty cheers appreciate appreciated "
    "big huge shout shoutout keep work works working guys team people staff crew service customer support help helped helping "
    "customers company brand shop store product products quality order purchase pair thing things experience visit star stars bought "
    "buy buying ordered wear wearing use using worth well super top"
)
_PLAIN_GERMAN = (
    "der die das den dem ein eine einen einem einer mein meine meinen meiner euer eure euren ihr ihre ihren ich du wir sie es mir "
    "mich uns euch ihnen und oder so sehr wirklich echt einfach immer alle alles viel vielen vieles mehr von für mit bei im in an am "
    "auf aus zu zum zur vom ist sind war waren bin bist seid hat habe haben hab gekauft bestellt bekommen heute gestern jetzt neu "
    "neue neuen neues neuer auch ja wow ganz total richtig gut gute guten guter gutes super toll tolle tollen toller tolles großartig "
    "klasse spitze perfekt wunderbar wunderschön schön schöne schönen hervorragend ausgezeichnet freundlich freundliche freundlichen "
    "nett nette netten lieb lieben liebe liebt schnell schnelle schnellen bequem bequeme lecker leckere lieblings besten beste bester "
    "bestes zufrieden glücklich begeistert freue freut mag gefällt gefallen empfehle empfehlen danke dank herzlichen herzlich "
    "dankeschön lob service team kundenservice hilfe geholfen mitarbeiter qualität laden produkt einkauf"
)
_PLAIN_ROMANCE = (
    "le la les un une des de du mon ma mes votre vos je tu vous nous ils elle elles et ou très vraiment trop toujours tout tous toute "
    "toutes beaucoup plus pour avec est sont suis êtes a ai avez en au aux ce cette ces mille j'adore j'aime adore aime magnifique "
    "magnifiques super génial géniale excellent excellente parfait parfaite beau belle beaux belles bon bonne top merci service "
    "équipe qualité nouveau nouvelle nouvelles nouveaux produit contente content ravi ravie el los las una unos unas mi mis su sus "
    "tus yo me nos y o muy mucho mucha muchas muchos todo toda todos todas más por para con es son soy está están estoy al que "
    "gracias mil encanta encantan amo adoro genial excelente perfecto perfecta increíble maravilloso maravillosa bueno buena buen "
    "mejor mejores feliz contento contenta servicio equipo calidad nuevo nueva nuevos nuevas atención il lo i gli uno mio mia miei "
    "mie vostro vostra vostri vostre io vi ci e molto tanto tutto tutti per sono è siete ho avete grazie ottimo ottima eccellente "
    "perfetto perfetta bellissimo bellissima bellissimi bellissime bello bella fantastico fantastica migliore servizio nuovo nuova "
    "nuovi nuove felice os as um uma meu minha meus minhas seu sua eu muito muita obrigado obrigada adorei amei ótimo ótima perfeito "
    "perfeita melhor atendimento serviço novo nova"
)
_PLAIN_OTHERS = (
    "de het een mijn jullie jouw ik je jij u wij we ze en of zo heel erg echt altijd alles veel meer van voor met bij in op aan is "
    "zijn was ben heb heeft hebben nieuw nieuwe blij tevreden super top goed goede geweldig geweldige fantastisch prachtig mooi mooie "
    "lekker lekkere beste fijn fijne snel snelle vriendelijk vriendelijke bedankt dank dankjewel hartelijk geholpen door "
    "klantenservice service team schoenen i w z za na do mój moja moje wasz wasza wasze ja ty wy jest są bardzo naprawdę zawsze "
    "dziękuję dzięki świetny świetna świetną świetne wspaniały wspaniała wspaniałe najlepszy najlepsza najlepsze uwielbiam kocham "
    "lubię te ten ta to obsługę obsługa nowe nowy nowa polecam ve bir bu çok gerçekten her harika mükemmel güzel süper muhteşem "
    "teşekkürler teşekkür ederim ederiz sağolun sevdim bayıldım seviyorum yeni iyi hizmet"  # noqa: RUF001  # the letter is Turkish
)


def _listed(*lists: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.replace("_", " ") for one in lists for word in one.split()))


_DOUBTS = _listed(_ENGLISH, _GERMAN, _ROMANCE, _OTHERS)
_PLAIN = frozenset(_listed(_PLAIN_ENGLISH, _PLAIN_GERMAN, _PLAIN_ROMANCE, _PLAIN_OTHERS)) - frozenset(_DOUBTS)


@cache
def _doubts() -> Listed:
    return Listed(_DOUBTS)


def doubt(text: str, names: tuple[str, ...] = ()) -> str:
    """Return the first word that makes a kind post more than plain praise, or "" where it is plain; `names` are our own."""
    body = _ADDRESSED.sub(" ", text)
    if found := _doubts().find(body):
        return found[0]
    own = _own(names)
    others = [word for word in words(body) if word not in _PLAIN and word not in own and not word.isdecimal()]
    return others[_MAY_BE_ANYTHING] if len(others) > _MAY_BE_ANYTHING else ""


@lru_cache(maxsize=64)
def _own(names: tuple[str, ...]) -> frozenset[str]:
    """Return the words of our own names: a big brand has hundreds, and they are asked for at every kind post."""
    return frozenset(word for name in names for word in words(name))

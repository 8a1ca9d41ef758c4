"""Words that every text has, in the ten languages with phrase files: no topic shows by them. Of three letters and more, folded."""

from __future__ import annotations

_WORDS = """
    about above after again against all also although always amp and another any anyone anything are aren't around ask asked back
    because been before being below best better between both but came can can't cannot come could couldn't day days did didn't does
    doesn't doing don't done down during each either else even ever every everyone everything few first for from further get gets
    getting give given goes going gone gonna good got great had hadn't has hasn't have haven't having her here hers him his how
    however i'd i'll i'm i've into isn't it's its itself just keep know last later least less let let's like little long look made
    make many may maybe might more most much must myself need never new next nobody none nor not nothing now off often once one only
    onto other others our ours out over own people please put really right said same say says see seen she should shouldn't since
    some someone something soon still such sure take tell than thank thanks that that's the their theirs them then there there's
    these they they're they've thing things think this those though three through thus time times today together too took toward two
    under until upon use used using very via want wants was wasn't way we'll we're we've week well went were weren't what what's
    whatever when where whether which while who whole whom whose why will with within without won't would wouldn't yeah year years
    yes yesterday yet you you'll you're you've your yours aber alle allem allen aller alles als andere anderen auch auf aus bei beim
    bereits bin bis bist bitte dabei dafür damit danach danke dann daran darauf darf darum das dass dein deine dem den denn der des
    deshalb dich die dies diese diesem diesen dieser dieses dir doch dort durch eben eigentlich ein eine einem einen einer eines
    einfach einmal euch euer eure für ganz gar gegen gerade gern gibt ging gut haben habe habt hast hat hatte hatten hier hin hinter
    ich ihm ihn ihnen ihr ihre ihrem ihren immer ins ist jede jeden jeder jedes jemand jetzt kann kannst kein keine keinem keinen
    keiner können könnte lange lassen leider machen macht mal man mehr mein meine meinem meinen meiner meist mich mir mit muss
    müssen nach nachdem nein nicht nichts nie noch nun nur oben oder ohne schon sehr sein seine seinen seit selbst sich sie sind
    sogar soll sollen sondern sonst sowie tag tage über und uns unser unsere unter viel viele vom von vor wann war waren warum weg
    weil weiter welche wenn wer werden wie wieder wir wird wirklich wohl wollen wurde wurden zum zur zwar zwei zwischen ainsi alors
    après assez aucun aussi autre autres avait avant avec avez avoir avons beaucoup bien bonjour c'est car ceci cela celle celui ces
    cet cette ceux chaque chez comme comment dans depuis deux devant donc dont elle elles encore entre est été êtes être eux fait
    faire faut fois font ici ils jamais j'ai jour jours juste leur leurs lui maintenant mais merci mes mieux moi moins mon même
    n'est nos notre nous par parce pas pendant peu peut plus pour pourquoi pouvez près puis quand que quel quelle quelque quelques
    qui qu'il quoi rien sans ses seulement son sont sous suis sur tant tes toi ton toujours tous tout toute toutes très trop une
    vers voici voilà vos votre vous ahora algo alguien algún alguna algunos allí ante antes aquel aquí así aún aunque bueno cada
    casi como con cosa cuando cuanto desde después día días donde dos ella ellas ellos entonces era eran eres esa ese eso esos esta
    está están estar estas este esto estos estoy fue fueron gracias había habían hace hacer hacia han hasta hay hola hoy les los más
    menos mientras mis mismo mucho mucha muchos muy nada nadie ningún nosotros nuestra nuestro nunca otra otras otro otros para pero
    poco por porque puede pueden pues qué quien quién ser sea según será siempre sido sin sobre solo sólo somos soy sus también tan
    tanto tener tengo tiene tienen toda todas todavía todo todos tras una unas uno unos usted ustedes vez vosotros agora ainda
    alguém algum alguma algumas alguns aos apenas aquela aquele aqui assim até bem bom coisa com dele dela deles depois dessa desse
    desta deste dia dias disso dois ela elas ele eles então essa esse estão estava estou fazer foi foram fui isso isto lhe mas mesmo
    meu meus minha muita muito muitos não nas nem nenhum ninguém nossa nosso num numa obrigada obrigado onde ontem outra outras
    outro outros pela pelas pelo pelos pode pois porquê pra quais qual quando quanto quase quem sabe sem sempre sendo seu seus sim
    sou sua suas também tem têm tenho ter teve tudo uma umas vai você vocês vou adesso alcuni alla allora altra altre altri altro
    anche ancora avere aveva avete bene buon casa c'è che chi ciao cioè così cui dal dalla dalle dei del della delle dello dentro
    dopo dove due ecco erano essere fare fatto fino forse fra già gli grazie hai hanno invece lei loro male meglio meno mentre mia
    mie miei mio molta molti molto nei nel nella nelle nessuno niente noi non nostra nostro nulla ogni oggi ora per perché però più
    poi può prima proprio quale quasi quella quelli quello questa queste questi questo sei senza sia siamo siete sono sopra sotto
    sta stata state stati stato stessa stesso sue sui sul sulla suo suoi tra troppo tua tue tuo tutta tutte tutti tutto voi volta
    vostra vostro aan achter alleen altijd ander beter bij binnen boven daar daarom dacht dag dagen dan dank dat deze dit doen door
    dus echt een eens eerst eigenlijk elke enkele erg gaan gaat geen gewoon goed hadden hallo heb hebben hebt heeft heel hem hen het
    hij hoe hun iedereen iemand iets jaar jij jou jouw jullie kan kon kunnen laat lang maar mag meer meest men met mij mijn moet
    moeten naar niemand niet niets nog nooit nou omdat ons onze ook soms tegen terug tijd toch toen tot tussen uit van vanaf veel
    verder voor vooral waar waarom wanneer wat weer wel welke werd wij wil worden wordt zal zeer zelf zich zij zijn zoals zonder zou
    zullen aby albo ale ani bardzo bez będzie był była było były być chce chyba ciągle coś czy czyli dla dlaczego dlatego dni dobrze
    dziękuję dzień dziś gdy gdzie inne jak jaki jako jakoś jest jestem jeszcze jeśli jeżeli już każdy kiedy kto która które którego
    której który którzy lub mam mają mnie może można moje mój moja musi nad nadal nam nasz nawet nic nich niego nigdy nikt nim niż
    oczywiście oni ono oraz pan pani pod ponieważ poza prawie proszę przed przez przy razem roku się sobie swoje swój tak taka taki
    takie także tam tego tej ten też teraz tobie trzeba tutaj tych tylko tym wam wasz wiele więc więcej właśnie wszyscy wszystko
    zawsze znowu został żeby acaba alti ama ancak artik asla aslinda ayrica bana bazi belki ben beni benim beri bile bir biraz biri
    birkaç biz bize bizim böyle bugün bunu bunun burada bütün çok çünkü daha dahi değil diye dolayi eğer evet gibi göre günü hala
    hangi hatta hayir hep hepsi herkes hiç hiçbir için ile ise işte kadar kendi kez kim kimse lütfen merhaba nasil neden nerede
    niçin niye olan olarak oldu olduğu olduğunu olmak olur ona onlar onu onun oysa öyle sadece sana sanki sen seni senin siz size
    sizin sonra şey şimdi şöyle tabii tamam teşekkürler tüm üzere var veya yani yapmak yerine yine yok zaten
"""

COMMON = frozenset(_WORDS.split())
"""Every one of them."""

"""Words by which many people speak of a death or a disaster at once, for the brake that needs no setting. Matched whole."""

from __future__ import annotations

CRISIS_WORDS = (
    *("died", "dead", "death", "deaths", "killed", "fatality", "fatalities", "funeral", "victims", "bombing", "shooting"),
    *("terror attack", "earthquake", "plane crash"),
    *("gestorben", "getötet", "todesfall", "todesopfer", "anschlag", "erdbeben", "overleden", "gedood"),
    *("mort", "morts", "tué", "attentat", "muerto", "muertos", "murió", "atentado", "terremoto"),
    *("morto", "morti", "uccisa", "ucciso", "morreu", "zmarł", "zginął", "öldü", "deprem"),
    *("погиб", "погибли", "загинули", "قتل", "وفاة", "亡くなった", "死亡", "地震", "去世", "遇难", "사망"),
)

"""The accurate scorer, with its real weights: what it says of clear posts, in any order, of hostile texts, and where a part is missing."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from listener.errors import EarnestError
from listener.rules.rulebook import Scoring, SentimentSettings
from listener.scoring.judge import judge_name
from listener.scoring.mood import label_of
from listener.scoring.sentiment import _net
from listener.scoring.sentiment.accurate import Accurate
from listener.scoring.sentiment.base import Words, make_scorer, scorer_names, scorer_problem

CLEAR = [
    ("I love the new app, it is so fast and easy!", "positive"),
    ("Thank you so much @acme, your crew made my mother's day", "positive"),
    ("best customer service ever, see you again soon 😍", "positive"),
    ("Great flight, friendly staff and we landed early. Happy customer!", "positive"),
    ("Worst airline I have ever flown with. Never again.", "negative"),
    ("my parcel arrived broken and nobody answers, so disappointed", "negative"),
    ("This update is terrible, it crashes all the time and I lost my work", "negative"),
    ("I hate waiting on hold for two hours just to be hung up on", "negative"),
    ("so angry right now 😡😡😡 you ruined our holiday", "negative"),
    ("Acme opens its new office in Leeds on Monday", "neutral"),
    ("Watching the match tomorrow at 8 on channel 4", "neutral"),
    ("Does the store in Leeds open on Sunday?", "neutral"),
]
BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "onnxruntime":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker())
from responders.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def accurate() -> Accurate:
    return Accurate()


def judged(accurate: Accurate, *texts: str, language: str = "en") -> list[float]:
    return [opinion.score for opinion in accurate.judge([Words(text, language) for text in texts]) if opinion]


@pytest.mark.parametrize(("text", "mood"), CLEAR, ids=itertools.count())
def test_a_clear_post_gets_its_mood(accurate: Accurate, text: str, mood: str) -> None:
    (score,) = judged(accurate, text)

    assert label_of(score, SentimentSettings()) == mood


def test_many_at_once_are_judged_as_one_by_one_and_in_their_order(accurate: Accurate) -> None:
    texts = [text for text, _ in CLEAR] * 2

    together = accurate.judge([Words(text, "en") for text in texts])

    assert together == [opinion for text in texts for opinion in accurate.judge([Words(text, "en")])]
    assert together == accurate.judge([Words(text, "en") for text in reversed(texts)])[::-1]


def test_odds_are_three_that_add_up_to_one(accurate: Accurate) -> None:
    for opinion in accurate.judge([Words(text, "en") for text, _ in CLEAR]):
        assert opinion is not None
        assert opinion.odds is not None
        assert sum(opinion.odds) == pytest.approx(1)
        assert min(opinion.odds) > 0


def test_other_languages_go_to_the_default_scorer(accurate: Accurate) -> None:
    english = Words("I love it", "en")
    many = [Words("Das ist ganz toll 😍😍", "de"), english, Words("ojojoj 😡", "und"), Words("", "en"), Words("c'est nul", "fr")]
    other = make_scorer("default")

    answers = accurate.judge(many)

    assert [answers[0], *answers[2:]] == list(other.judge([many[0], *many[2:]]))
    assert answers[1:2] == accurate.judge([english])
    assert accurate.weights(many[0]) == other.weights(many[0])


@pytest.mark.parametrize(("text", "mood"), CLEAR[:6], ids=itertools.count())
def test_the_words_that_made_a_score_add_up_to_it(accurate: Accurate, text: str, mood: str) -> None:
    weights = accurate.weights(Words(text, "en"))

    assert sum(weight.points for weight in weights) == pytest.approx(judged(accurate, text)[0])
    assert [weight.words for weight in weights] == ["", *text.split()]
    strongest = max(weights[1:], key=lambda weight: abs(weight.points))
    assert (strongest.points > 0) == (mood == "positive")


def test_a_long_text_is_explained_in_groups_of_words(accurate: Accurate) -> None:
    weights = accurate.weights(Words("your support is awful " * 500, "en"))

    assert 10 < len(weights) <= 41
    assert sum(weight.points for weight in weights) == pytest.approx(judged(accurate, "your support is awful " * 500)[0])


@pytest.mark.parametrize(
    "text",
    [
        "", " \n\t", "\0", "\ud800\udfff \ud83d", "a" + "\u0301" * 10_000, "😂" * 10_000, "x" * 40_000, "@a " * 13_000,
        "&amp;" * 8_000, "\\ud800" * 6_000, "日本" * 20_000, "\u202e\u200b" * 20_000, "\U0001faff" * 9_000, "http" * 10_000,
        "[CLS] [SEP] [MASK]", "I love this. " * 3_000,
    ],
    ids=itertools.count(),
)  # fmt: skip
def test_whatever_a_post_holds_it_is_judged_or_said_to_be_unclear(accurate: Accurate, text: str) -> None:
    (opinion,) = accurate.judge([Words(text, "en")])

    assert opinion is None or -1 <= opinion.score <= 1
    assert sum(weight.points for weight in accurate.weights(Words(text, "en"))) == pytest.approx(opinion.score if opinion else 0)


def test_the_end_of_a_long_post_counts(accurate: Accurate) -> None:
    plain = "We went to the shop on Monday and looked at the shelves for a while. " * 40
    praise, anger = judged(accurate, plain + "I love them so much, best shop ever!", plain + "I hate them so much, worst shop ever!")

    assert praise > anger


def test_without_the_extra_a_person_is_told_what_to_install(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "version: 1\nbrands:\n  acme: {names: [Acme]}\nscoring: {sentiment: {scorer: accurate}}\n"
        "routes:\n  - name: rest\n    when: always\n    examples: [{post: Acme is here}]\n"
    )

    def earnest(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", BLOCKED, *arguments]
        return subprocess.run(command, cwd=tmp_path, input="I love it\n", capture_output=True, text=True, check=False)

    checked, scored = earnest("rules", "check", str(rules)), earnest("score", "--rules", str(rules))

    assert (checked.returncode, scored.returncode) == (1, 1)
    for run in (checked, scored):
        said = run.stdout + run.stderr
        assert 'the scorer "accurate" needs onnxruntime' in said
        assert "pip install 'earnest[accurate]'" in said
        assert "Traceback" not in said


@pytest.mark.parametrize("name", ["net.onnx", "vocabulary.txt", "accurate.toml"])
@pytest.mark.parametrize("harm", ["gone", "cut short", "changed"])
def test_a_broken_file_of_weights_is_named(tmp_path: Path, name: str, harm: str) -> None:
    folder = tmp_path / "accurate"
    shutil.copytree(_net.FOLDER, folder)
    path = folder / name
    data = bytearray(path.read_bytes())
    if harm == "gone":
        path.unlink()
    elif harm == "cut short":
        path.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)

    with pytest.raises(EarnestError) as caught:
        _net.Net(folder)

    assert name in caught.value.message or "net.onnx" in caught.value.message
    assert "install Earnest again" in caught.value.hint


def test_it_is_on_offer_and_its_judge_has_a_name() -> None:
    accurate, usual = (judge_name(Scoring(sentiment=SentimentSettings(scorer=name))) for name in ("accurate", "vader"))

    assert "accurate" in scorer_names()
    assert scorer_problem("accurate") is None
    assert accurate
    assert accurate != usual

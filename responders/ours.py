"""What is ours in a rulebook, made ready once: the texts it says, the names it goes by, its places on the web.

Every text that leaves is held against these. Each is made when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from listener.rules.answers import Answer
from listener.rules.rulebook import Rulebook
from listener.rules.texts import variants
from responders import linking
from responders.runs import Runs
from responders.wording import Listed, listed


class Ours:
    """What one rulebook says and owns."""

    def __init__(self, book: Rulebook) -> None:
        """Take the rulebook; nothing of it is read yet."""
        self.book = book

    @cached_property
    def templates(self) -> tuple[str, ...]:
        """The texts of templates, with our own pages where they lead to them."""
        texts = tuple(text for template in self.book.templates.values() for _, text, _ in variants(template))
        pages = {brand.contact: None for brand in self.book.brands.values() if brand.contact}
        return tuple(dict.fromkeys(text.replace("{link}", page) for text in texts for page in (pages if "{link}" in text else {"": None})))

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """The written answers."""
        return self.book.answers

    @cached_property
    def _said(self) -> tuple[str, ...]:
        """The texts of templates, and the words of every written answer, whatever the day."""
        return (*self.templates, *(answer.said(wording) for answer in self.answers for wording in answer.wordings))

    @cached_property
    def texts(self) -> str:
        """What we say ourselves: the templates, the answers, the names of brands and of people in teams."""
        return " \n ".join(self._texts())

    def _texts(self) -> Iterator[str]:
        yield from self._said
        yield from (name for brand in self.book.brands.values() for name in brand.names)
        yield from (member for team in self.book.teams.values() for member in team.members)

    @cached_property
    def runs(self) -> Runs:
        """The words in a row that stand in them."""
        return Runs(self.texts)

    @cached_property
    def sites(self) -> linking.Sites:
        """What is ours on the web."""
        brands = self.book.brands.values()
        sites = tuple(site for brand in brands for site in brand.sites)
        handles = tuple(handle for brand in brands for handle in brand.handles.values())
        names = tuple(name for brand in brands for name in brand.names)
        return linking.sites_of(sites, handles, self._said, names)

    @cached_property
    def never_said(self) -> Listed:
        """The words that the boundaries never allow."""
        return listed(self.book.boundaries.never_say)

    def handles(self, network: str | None) -> list[str]:
        """Return our handles on a network; on any where none is named."""
        brands = [brand.handles.items() for brand in self.book.brands.values()]
        return [handle for pairs in brands for where, handle in pairs if network is None or where == network]

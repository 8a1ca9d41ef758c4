"""Requests and answers held against X's own description of its API (OpenAPI 3.0): the address, its parameters, its body, who may ask.

Where X itself goes beyond its description, that stands here with its source: problems it names elsewhere, and the older names of what
posts hold, which its guides use and one address still asks for. By whichever names a request asks, they must be X's.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from aiohttp import web
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.servers.x import APP_TOKEN
from tests.servers.x_streams import STREAM

_NAME = "urn:x"
_SEARCH = "/2/tweets/search/recent"
_REFUSED = 400
_LOCKED = frozenset({401, 403})
# docs.x.com, "response codes and errors", "handling disconnections" (August 2026); credits, permissions: seen by the API's users.
_BEYOND = frozenset(
    {
        *("client-forbidden", "usage-capped", "streaming-connection", "operational-disconnect", "duplicate-rules", "invalid-rules"),
        *("rate-limit-exceeded", "rule-cap", "unsupported-authentication", "credits", "oauth1-permissions"),
    }
)
_OLDER = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "tweets": "posts",
    "tweet_count": "post_count",
}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; an answer of None has only begun."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    way_in: str
    status: int
    answer: object


@dataclass(frozen=True)
class Operation:
    """One address with one method, as described."""

    method: str
    path: str
    said: Mapping[str, Any]

    @property
    def parameters(self) -> list[Mapping[str, Any]]:
        return list(self.said.get("parameters", ()))

    @property
    def ways_in(self) -> frozenset[str]:
        return frozenset(name for way in self.said.get("security", ()) for name in way)


@dataclass
class Description:
    """The description; `asked` are the operations that were seen, `findings` what was not as described."""

    document: Mapping[str, Any]
    asked: set[tuple[str, str]] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path) -> Description:
        with gzip.open(path) as packed:
            return cls(_closed(json.load(packed)))

    def witness(self, request: web.Request, body: bytes, status: int, answer: object) -> None:
        """See one request and its answer."""
        seen = Exchange(request.method, request.path, dict(request.query), body, _way_in(request), status, answer)
        self.findings += [f"{request.method} {request.path_qs}: {one}" for one in self.problems(seen)]

    def problems(self, seen: Exchange) -> Iterator[str]:
        """Say what of a request and its answer is not as described."""
        operation = self.operation(seen.method, seen.path)
        if operation is None:
            yield "there is no such address"
            return
        self.asked.add((operation.method, operation.path))
        if seen.way_in not in operation.ways_in and seen.status not in _LOCKED:
            yield f"it lets in {sorted(operation.ways_in)}, not {seen.way_in}"
        yield from self._query(operation, seen.query)
        yield from self._path(operation, seen.path)
        yield from self._body(operation, seen.body)
        yield from self._answer(operation, seen.status, seen.answer)

    def operation(self, method: str, path: str) -> Operation | None:
        """Return what is described for a path; words win over places that anything may fill."""
        steps = path.split("/")
        fits = [one for one in self.document["paths"] if method.lower() in self.document["paths"][one] and _fits(one.split("/"), steps)]
        best = min(fits, key=lambda one: one.count("{"), default=None)
        return Operation(method, best, self.document["paths"][best][method.lower()]) if best else None

    def _query(self, operation: Operation, query: Mapping[str, str]) -> Iterator[str]:
        known = {one["name"]: one for one in self._all(operation) if one["in"] == "query"}
        for fields, elsewhere in (("tweet.fields", STREAM), ("post.fields", _SEARCH)):
            other = self.operation("GET", elsewhere) if fields in query and fields not in known else None
            known |= {one["name"]: one for one in self._all(other) if one["name"] in {fields, "expansions"}} if other else {}
        yield from (f"it needs {name}" for name, one in known.items() if one.get("required") and name not in query)
        for name, value in query.items():
            if name not in known:
                yield f"it knows no parameter {name}"
                continue
            schema = known[name]["schema"]
            yield from (f"{name}: {one}" for one in self._wrong(schema, self._parsed(schema, value)))

    def _path(self, operation: Operation, path: str) -> Iterator[str]:
        places = dict(zip(operation.path.split("/"), path.split("/"), strict=True))
        for one in self._all(operation):
            if one["in"] == "path":
                yield from (f"{one['name']}: {problem}" for problem in self._wrong(one["schema"], places[f"{{{one['name']}}}"]))

    def _body(self, operation: Operation, body: bytes) -> Iterator[str]:
        said = operation.said.get("requestBody")
        if said is None:
            yield from ["it takes no body"] if body else []
        elif body or said.get("required"):
            yield from (f"body: {one}" for one in self._wrong(said["content"]["application/json"]["schema"], json.loads(body or b"null")))

    def _answer(self, operation: Operation, status: int, answer: object) -> Iterator[str]:
        responses = operation.said["responses"]
        if status < _REFUSED and str(status) not in responses:
            yield f"it never answers {status}"
        elif status >= _REFUSED:
            yield from (f"answer {status}: {one}" for one in self._refusal(answer))
        elif answer is not None:
            part = dict(answer) if isinstance(answer, dict) else answer
            errors = part.pop("errors", []) if isinstance(part, dict) else []
            schema = responses[str(status)]["content"]["application/json"]["schema"]
            yield from (f"answer: {one}" for one in self._wrong(schema, _renamed(part)))
            for error in errors:
                yield from (f"answer: {one}" for one in self._refusal(error))

    def _refusal(self, answer: object) -> Iterator[str]:
        if isinstance(answer, dict) and "errors" in answer:
            for one in answer["errors"]:
                yield from self._refusal(one)
            return
        kind = str(answer.get("type", "")) if isinstance(answer, dict) else ""
        known = kind == "about:blank" or (kind.startswith("https://api.x.com/2/problems/") and kind.rsplit("/", 1)[-1] in _BEYOND)
        if isinstance(answer, dict) and known:
            yield from (f"it says no {name}" for name in ("title", "detail") if not answer.get(name))
        else:
            yield from self._wrong({"$ref": f"{_NAME}#/components/schemas/Problem"}, answer)

    def _all(self, operation: Operation) -> list[Mapping[str, Any]]:
        return [self._looked_up(one) for one in operation.parameters]

    def _looked_up(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Any = part
        while "$ref" in found:
            place = found["$ref"].removeprefix("#/").split("/")
            found = self.document
            for step in place:
                found = found[step]
        if "schema" in found and "name" not in found:
            message = f"a parameter without a name: {sorted(found)}"
            raise AssertionError(message)
        return found  # type: ignore[no-any-return]

    def _parsed(self, schema: Mapping[str, Any], value: str) -> object:
        kind = self._looked_up(schema).get("type")
        if kind == "array":
            return value.split(",")
        if kind == "integer" and re.fullmatch(r"-?\d+", value):
            return int(value)
        return {"true": True, "false": False}.get(value, value) if kind == "boolean" else value

    def _wrong(self, schema: Mapping[str, Any], value: object) -> Iterator[str]:
        rooted = json.loads(json.dumps(schema).replace('"$ref": "#/', f'"$ref": "{_NAME}#/'))
        checker = OAS30Validator(rooted, registry=self._registry, format_checker=oas30_format_checker)
        for error in checker.iter_errors(value):
            yield f"{'.'.join(str(step) for step in error.absolute_path) or 'all of it'}: {error.message[:200]}"

    @cached_property
    def _registry(self) -> Registry[Any]:
        resource: Resource[Any] = Resource(contents=self.document, specification=DRAFT4)
        return Registry().with_resource(_NAME, resource)


def _fits(template: list[str], steps: list[str]) -> bool:
    pairs = zip(template, steps, strict=False)
    return len(template) == len(steps) and all(said == step or (said.startswith("{") and step) for said, step in pairs)


def _way_in(request: web.Request) -> str:
    given = request.headers.get("Authorization", "")
    if given.startswith("OAuth "):
        return "UserToken"
    return "BearerToken" if given == f"Bearer {APP_TOKEN}" else "OAuth2UserToken"


def _closed(part: Any) -> Any:  # noqa: ANN401 - JSON
    """Take the description at its word: what it does not name is not there."""
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {name: _closed(one) for name, one in part.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def _renamed(part: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, list):
        return [_renamed(one) for one in part]
    return {_OLDER.get(name, name): _renamed(one) for name, one in part.items()} if isinstance(part, dict) else part

"""The description of every route as one page, which loads nothing and runs no script."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup


class Page(NamedTuple):
    """A page, and the content security policy that allows its style and nothing else."""

    html: str
    policy: str


def docs_page(described: Mapping[str, Any]) -> Page:
    """The page of an OpenAPI document."""
    style = _part("docs.css")
    environment = Environment(
        loader=DictLoader({"page": _part("docs.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    sections: dict[str, list[dict[str, Any]]] = {}
    for tag, route in _routes(described):
        sections.setdefault(tag, []).append(route)
    html = environment.get_template("page").render(
        style=Markup(style),  # noqa: S704  # our own file
        version=described["info"]["version"],
        summary=described["info"]["summary"],
        openapi=described["openapi"],
        sections=sections.items(),
    )
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return Page(html, f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'")


def _routes(described: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each route with its tag."""
    schemas = described.get("components", {}).get("schemas", {})
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            yield (
                route.get("tags", ["other"])[0],
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": route.get("summary", ""),
                    "description": route.get("description", ""),
                    "parameters": [_parameter(one) for one in route.get("parameters", ())],
                    "bodies": list(_bodies(route.get("requestBody", {}), schemas)),
                    "answers": list(_answers(route["responses"], schemas)),
                },
            )


def _parameter(given: Mapping[str, Any]) -> dict[str, Any]:
    schema = given.get("schema", {})
    return {
        "name": given["name"],
        "where": given["in"],
        "required": given.get("required", False),
        "type": _type(schema),
        "meaning": given.get("description") or schema.get("description") or "",
    }


def _type(schema: Mapping[str, Any]) -> str:
    """The type in a few words, with its default."""
    some = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    words = " or ".join(
        ", ".join(map(str, one["enum"]))
        if "enum" in one
        else one.get("type") or one.get("$ref", "").rpartition("/")[2]
        for one in some
    )
    default = schema.get("default")
    return words if default in (None, [], "") else f"{words} (default: {default})"


def _bodies(body: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for media, content in body.get("content", {}).items():
        yield {"media": media, "schema": _shown(content, schemas)}


def _answers(responses: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The answers that differ from route to route: those that are no problems."""
    for status, response in responses.items():
        if status.startswith("2"):
            content: dict[str, Any] = next(iter(response.get("content", {}).values()), {})
            meaning = response.get("description", "")
            yield {"status": status, "meaning": meaning, "schema": _shown(content, schemas)}


def _shown(content: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """The schema as indented JSON; a named one with its properties."""
    schema = content.get("schema") or content.get("itemSchema") or {}
    name = schema.get("$ref", "").rpartition("/")[2]
    schema = schemas.get(name, schema)
    return json.dumps(schema, indent=1) if schema else ""


def _part(name: str) -> str:
    """One of this room's own files."""
    return (files("rrm_queue.web") / "templates" / name).read_text(encoding="utf-8")

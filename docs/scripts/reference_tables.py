"""The page of the store's tables."""

import inspect
from collections.abc import Iterator
from types import ModuleType

from sqlalchemy import CheckConstraint, Column, Enum, Index, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from rrm_queue.store import tables, work_tables

HEAD = """# The tables

The tables of the store in PostgreSQL. Only `rrm_queue/store/` uses them. If you read them from
elsewhere, note that a migration may change them ([CHANGELOG.md](../../CHANGELOG.md) says so).
Timestamps have a time zone."""


def page() -> str:
    """The page, a section for each table in the order of the code."""
    models = [model for module in (tables, work_tables) for model in _models(module)]
    return "\n\n".join([HEAD, *(part for model in models for part in _described(model))])


def _models(module: ModuleType) -> list[type[SQLModel]]:
    """The tables of a module, in the order of its code."""
    models = [
        model
        for _, model in inspect.getmembers(module, inspect.isclass)
        if issubclass(model, SQLModel) and model.__module__ == module.__name__
    ]
    return sorted(models, key=lambda model: inspect.getsourcelines(model)[1])


def _described(model: type[SQLModel]) -> Iterator[str]:
    table: Table = SQLModel.metadata.tables[str(model.__tablename__)]
    yield f"## {table.name}"
    yield inspect.cleandoc(model.__doc__ or "")
    yield "\n".join(
        ["| column | type | |", "|---|---|---|"]
        + [f"| `{column.name}` | {_type(column)} | {_rules(column)} |" for column in table.columns]
    )
    if rules := [*_constraints(table), *_indexes(table)]:
        yield "\n".join(f"- {rule}" for rule in rules)


def _type(column: Column[object]) -> str:
    if isinstance(column.type, Enum):
        return ", ".join(f"`{word}`" for word in column.type.enums)
    name = column.type.compile(dialect=postgresql.dialect()).lower()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are untyped
    return str(name).replace("timestamp with time zone", "timestamptz")


def _rules(column: Column[object]) -> str:
    """What holds for the column: key, reference, null, default."""
    rules = []
    if column.primary_key:
        rules.append("primary key")
    elif column.nullable:
        rules.append("may be null")
    for key in column.foreign_keys:
        table, _, name = key.target_fullname.partition(".")
        rules.append(f"of [{table}](#{table}).{name}")
    if column.server_default is not None and hasattr(column.server_default, "arg"):
        rules.append(f"default `{column.server_default.arg}`")
    return ", ".join(rules)


def _constraints(table: Table) -> Iterator[str]:
    for rule in sorted(table.constraints, key=lambda rule: str(rule.name)):
        if isinstance(rule, UniqueConstraint):
            yield f"`{rule.name}`: no two rows have the same {_columns(rule)}"
        elif isinstance(rule, CheckConstraint):
            yield f"`{rule.name}`: {rule.sqltext}"


def _indexes(table: Table) -> Iterator[str]:
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        where = index.dialect_options["postgresql"]["where"]
        only = f", where {where}" if where is not None else ""
        yield f"`{index.name}`: index of {_columns(index)}{only}"


def _columns(rule: UniqueConstraint | Index) -> str:
    return ", ".join(f"`{column.name}`" for column in rule.columns)

"""The kinds of column that the tables share."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Column, DateTime, Enum, ForeignKey, Identity, func


def word(kind: type[StrEnum]) -> Enum:
    """A column type that holds a StrEnum's values as text, so that SQL reads like the domain."""
    return Enum(kind, native_enum=False, length=16, values_callable=lambda e: [m.value for m in e])


def moment(*, now: bool = False, nullable: bool = True) -> Column[datetime]:
    """A moment with its time zone; with `now` the server's time of the insert by default."""
    return Column(
        DateTime(timezone=True), nullable=nullable, server_default=func.now() if now else None
    )


def bigint_key() -> Column[int]:
    """A primary key that the server counts up."""
    return Column(BigInteger, Identity(), primary_key=True)


def of_tournament(*, primary_key: bool = False) -> Column[int]:
    """A reference to the tournament that a row belongs to; the row is deleted with it."""
    return Column(
        BigInteger,
        ForeignKey("tournaments.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )

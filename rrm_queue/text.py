"""Text made fit to be shown."""


def printable(text: str) -> str:
    r"""`text` with every character that a terminal would obey or hide written out, such as `\x1b`.

    Ids, names and errors come from other people's files and servers.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def first_line(error: BaseException) -> str:
    """What went wrong, in one line: the error's first line, or its type where it has no text.

    SQLAlchemy, for one, adds the statement below that line.
    """
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0]

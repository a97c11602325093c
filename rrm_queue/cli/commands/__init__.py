"""One file a verb: it parses, calls one action, renders."""

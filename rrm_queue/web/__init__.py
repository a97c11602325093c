"""The HTTP face of rrmq: routes over the actions, served by uvicorn; see `docs/http.md`."""

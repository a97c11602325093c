"""The pages for a browser: jobs and what comes of them, live; see `docs/pages.md`."""

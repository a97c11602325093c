"""A job as one HTML page: what is selected, summarised and written."""

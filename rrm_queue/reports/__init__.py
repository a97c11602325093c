"""The report: a job as one HTML page that needs only a browser."""

from rrm_queue.reports.page import page

__all__ = ["page"]

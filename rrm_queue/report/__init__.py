"""The report: a job as one HTML page that needs nothing but a browser."""

from rrm_queue.report.page import page

__all__ = ["page"]

"""The routes, one module for each resource; `rrm_queue.web.app` registers their routers."""

"""Asynchronous invocations: the durable queue between an accepted event and its function."""

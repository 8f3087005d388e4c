"""Benchmarks: `make bench` (cost of each page and of a baseline) and `make lab` (network latency).

They start temporary servers and databases and measure over HTTP. Metrics of a running app belong
to web/operations.
"""

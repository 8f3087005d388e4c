"""`make bench` (cost of pages and of a baseline), `make lab` (latency) and `make drill` (faults).

They start temporary servers and databases and measure over HTTP. Metrics of a running app belong
to web/operations.
"""

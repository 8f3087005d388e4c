"""Benchmarks: `make bench` (what pages cost, beside a floor) and `make lab` (what distance does).

They start servers and databases of their own, and measure from outside. What measures one running
app for its operators belongs to web/operations.
"""

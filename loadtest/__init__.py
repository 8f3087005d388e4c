"""`make load`: riders and owners by the hundred, and what the database says of them afterwards.

Locust runs riders.py in a process of its own, where MovR is known by its pages only; the other
modules start MovR and compare what its pages acknowledged with the rows.
"""

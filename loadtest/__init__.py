"""`make load`: a load test with hundreds of simulated users, and a check of the database after it.

Locust runs riders.py in a separate process, which uses MovR through its pages only. The other
modules start MovR and compare the writes that its pages acknowledged with the rows.
"""

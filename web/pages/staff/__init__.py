"""The pages of staff of a city: a blueprint a noun, as for riders' pages.

reads.py has what they share when they read, offers.py the forms of what staff can do.
"""

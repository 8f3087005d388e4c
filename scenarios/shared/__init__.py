"""Code shared by scenarios: their context, generation of rows, bulk loading.

The scenarios are the modules of the parent package.
"""

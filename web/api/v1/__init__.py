"""The JSON API: what riders, owners and staff do, for programs. Described by OpenAPI 3.1.

A module for each noun has its operations; schemas.py what they take and return, authentication.py
who calls. Operations call MovR as the pages do; web/errors.py turns refusals into problems.
"""

"""Compiled templates in a file for each, to save the apps and servers of the tests 0.4 s each."""

from flask import Flask
from jinja2 import FileSystemBytecodeCache


def keep() -> None:
    """Let all apps of this process use the files; a template that changed is compiled again."""
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache()}

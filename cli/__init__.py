"""The commands of `flask --app server …`, and serving while developing.

Each group of commands is a module, registered in commands.py. A command reads its arguments, calls
MovR or a package of movr, and prints sentences. No rule is decided and no SQL written here, and
nothing but server.py imports this package.
"""

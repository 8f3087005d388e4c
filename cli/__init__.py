"""The commands of `flask --app server …`, and the development server.

Each group of commands is a module, registered in commands.py. A command parses its arguments, calls
MovR or a package of movr, and prints the result. Business rules and SQL do not belong here. Only
server.py imports this package.
"""

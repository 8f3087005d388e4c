# Read by `flask` in this folder, so that it finds the app without `--app server`.
FLASK_APP=server

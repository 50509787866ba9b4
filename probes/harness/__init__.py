"""What runs inside the sandbox: supervisor, intake, watcher, and the app's calls.

Standard library only, CPython 3.8 to 3.14, and nothing of the orchestrating package.
``PROTOCOL.md`` describes the event stream, which is all that anyone outside ever sees.
"""

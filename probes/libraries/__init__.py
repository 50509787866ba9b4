"""Starting the libraries under test, as an application with the settings of a trial does.

What the probes share of Sentry and ddtrace, and what the harness must not know. An app imports the
modules it needs; neither library is imported before it is started, and one whose version is ``-``
is never imported at all. Runs on every tested Python, with every tested release.
"""

ABSENT = "-"
"""The version of a library that the trial leaves out."""

"""Start the libraries under test like an application with a trial's settings.

The probes share this code about Sentry and ddtrace. The harness must not know it. An app imports
the modules that it needs. A library is not imported before it is started, and never if its version
is ``-``. The code runs on every tested Python, with every tested release.
"""

ABSENT = "-"
"""The version of a library that the trial leaves out."""

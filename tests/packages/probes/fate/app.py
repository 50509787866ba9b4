"""Imports the two libraries, starts the subject, lets it work, stops it."""

from __future__ import annotations


def run(trial) -> None:
    import subject

    alone = trial.versions["partner"] == "-"
    if not alone:
        import partner

        trial.fact("partner", hasattr(partner, "Partner"))
    trial.phase("startup")
    if not hasattr(subject, "Subject"):
        trial.missing("Subject", "this release has none")
        return
    library = subject.Subject(None if alone else partner.Partner())
    if trial.settings.get("quiet") and hasattr(library, "quiet"):
        library.quiet()
    try:
        library.start(trial.intake)
    except Exception as error:
        trial.error(error, feature="the subject")
        return
    trial.fact("started", True)
    trial.phase("serving")
    for _ in range(trial.knobs["times"]):
        if library.work():
            trial.expose()
        else:
            trial.beat()
    trial.phase("shutdown")
    library.stop()

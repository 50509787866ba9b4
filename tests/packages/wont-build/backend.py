"""A build backend that can't, as where a compiler is missing."""


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    raise SystemExit("error: command 'gcc' failed: No such file or directory")


prepare_metadata_for_build_wheel = build_wheel

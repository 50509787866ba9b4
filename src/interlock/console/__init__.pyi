from . import cli as cli
from . import options as options
from . import progress as progress
from . import report as report

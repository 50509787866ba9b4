from . import ask as ask
from . import cli as cli
from . import entry as entry
from . import options as options
from . import progress as progress
from . import report as report
from . import sources as sources

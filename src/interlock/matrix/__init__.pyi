from . import (
    definition as definition,
    matrix_file as matrix_file,
    plain_files as plain_files,
    selection as selection,
)
from .choices import (
    Choice as Choice,
    Every as Every,
    Latest as Latest,
    Ranged as Ranged,
    beyond_the_harness as beyond_the_harness,
    release_line as release_line,
)
from .definition import (
    EVERYWHERE as EVERYWHERE,
    Control as Control,
    Matrix as Matrix,
    MatrixLimits as MatrixLimits,
    Only as Only,
    Rounds as Rounds,
    Workaround as Workaround,
)
from .document import (
    Document as Document,
)
from .mistakes import (
    wrong as wrong,
)
from .plain_files import (
    Unreadable as Unreadable,
)
from .policy import (
    Policy as Policy,
    Required as Required,
    line_name as line_name,
)
from .selection import (
    Selection as Selection,
)
from .selector import (
    Block as Block,
    Selector as Selector,
)
from .situations import (
    DEFAULTS as DEFAULTS,
    AppChoice as AppChoice,
    Application as Application,
    Situation as Situation,
    in_words as in_words,
)
from .upstream import (
    Change as Change,
    Upstream as Upstream,
    changes_at as changes_at,
)

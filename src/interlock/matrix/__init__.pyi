from . import (
    definition as definition,
    matrix_file as matrix_file,
    selection as selection,
)
from .choices import (
    Choice as Choice,
    Latest as Latest,
)
from .definition import (
    EVERYWHERE as EVERYWHERE,
    Control as Control,
    Matrix as Matrix,
    MatrixLimits as MatrixLimits,
    Only as Only,
    Policy as Policy,
    Rounds as Rounds,
    Upstream as Upstream,
    Workaround as Workaround,
)
from .situations import (
    AppChoice as AppChoice,
    Application as Application,
    Situation as Situation,
    in_words as in_words,
)

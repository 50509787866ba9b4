from . import words as words
from .errors import (
    EngineUnavailable as EngineUnavailable,
)
from .errors import (
    ImageMissing as ImageMissing,
)
from .errors import (
    IndexUnreachable as IndexUnreachable,
)
from .errors import (
    InterlockError as InterlockError,
)
from .errors import (
    InterpreterMissing as InterpreterMissing,
)
from .errors import (
    Interrupted as Interrupted,
)
from .errors import (
    MatrixError as MatrixError,
)
from .errors import (
    OpenCells as OpenCells,
)
from .errors import (
    ProtocolError as ProtocolError,
)
from .errors import (
    StorageTrouble as StorageTrouble,
)
from .errors import (
    TroubleError as TroubleError,
)
from .errors import (
    UsageError as UsageError,
)
from .evidence import (
    LEFT_BEHIND as LEFT_BEHIND,
)
from .evidence import (
    Fail as Fail,
)
from .evidence import (
    Finding as Finding,
)
from .evidence import (
    Hang as Hang,
)
from .evidence import (
    Pass as Pass,
)
from .evidence import (
    Proof as Proof,
)
from .evidence import (
    Signature as Signature,
)
from .evidence import (
    Trial as Trial,
)
from .evidence import (
    Unproven as Unproven,
)
from .evidence import (
    Unsupported as Unsupported,
)
from .evidence import (
    outcome_of as outcome_of,
)
from .outcome import (
    PRECEDENCE as PRECEDENCE,
)
from .outcome import (
    REASONS as REASONS,
)
from .outcome import (
    Outcome as Outcome,
)
from .outcome import (
    Phase as Phase,
)
from .outcome import (
    Reason as Reason,
)
from .result import (
    Basis as Basis,
)
from .result import (
    Measured as Measured,
)
from .result import (
    NoTarget as NoTarget,
)
from .result import (
    Target as Target,
)
from .result import (
    Verdict as Verdict,
)
from .result import (
    Window as Window,
)
from .specification import (
    ABSENT as ABSENT,
)
from .specification import (
    AT_RELEASE as AT_RELEASE,
)
from .specification import (
    ON_TOP as ON_TOP,
)
from .specification import (
    Axis as Axis,
)
from .specification import (
    Backend as Backend,
)
from .specification import (
    Cell as Cell,
)
from .specification import (
    Configuration as Configuration,
)
from .specification import (
    Environment as Environment,
)
from .specification import (
    Measure as Measure,
)
from .specification import (
    Pin as Pin,
)
from .specification import (
    Probe as Probe,
)
from .specification import (
    ProbeLimits as ProbeLimits,
)
from .specification import (
    ProofRule as ProofRule,
)
from .specification import (
    PythonVersion as PythonVersion,
)
from .specification import (
    Release as Release,
)
from .specification import (
    Wheel as Wheel,
)
from .specification import (
    digest_of as digest_of,
)
from .specification import (
    version_key as version_key,
)
from .words import (
    listing as listing,
)
from .words import (
    plural as plural,
)

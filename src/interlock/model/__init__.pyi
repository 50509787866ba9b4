from . import (
    words as words,
)
from .audited import (
    AuditedCell as AuditedCell,
    audit_key as audit_key,
)
from .clock import (
    is_young as is_young,
    moment_in as moment_in,
)
from .errors import (
    EngineUnavailable as EngineUnavailable,
    ImageMissing as ImageMissing,
    IndexUnreachable as IndexUnreachable,
    InterlockError as InterlockError,
    InterpreterMissing as InterpreterMissing,
    Interrupted as Interrupted,
    MatrixError as MatrixError,
    OpenCells as OpenCells,
    ProtocolError as ProtocolError,
    StorageTrouble as StorageTrouble,
    TrialLost as TrialLost,
    TroubleError as TroubleError,
    UsageError as UsageError,
)
from .evidence import (
    LEFT_BEHIND as LEFT_BEHIND,
    Fail as Fail,
    Finding as Finding,
    Hang as Hang,
    Pass as Pass,
    Proof as Proof,
    Signature as Signature,
    Trial as Trial,
    Unproven as Unproven,
    Unsupported as Unsupported,
    outcome_of as outcome_of,
)
from .outcome import (
    PRECEDENCE as PRECEDENCE,
    REASONS as REASONS,
    Outcome as Outcome,
    Phase as Phase,
    Reason as Reason,
)
from .result import (
    Basis as Basis,
    Measured as Measured,
    NoTarget as NoTarget,
    Target as Target,
    Verdict as Verdict,
    Window as Window,
)
from .specification import (
    ABSENT as ABSENT,
    AT_RELEASE as AT_RELEASE,
    NEWEST_PYTHON as NEWEST_PYTHON,
    OLDEST_PYTHON as OLDEST_PYTHON,
    ON_TOP as ON_TOP,
    Axis as Axis,
    Backend as Backend,
    Cell as Cell,
    Configuration as Configuration,
    Environment as Environment,
    Measure as Measure,
    Pin as Pin,
    Probe as Probe,
    ProbeLimits as ProbeLimits,
    ProofRule as ProofRule,
    PythonVersion as PythonVersion,
    Release as Release,
    Renamed as Renamed,
    Renames as Renames,
    Wheel as Wheel,
    digest_of as digest_of,
    version_key as version_key,
)
from .words import (
    all_printable as all_printable,
    listing as listing,
    percent as percent,
    plural as plural,
    printable as printable,
)

from .deciding import (
    Request as Request,
    decide as decide,
)
from .exceptions import (
    Exempt as Exempt,
    read_exceptions as read_exceptions,
)
from .found import (
    Mention as Mention,
    Project as Project,
    joined as joined,
)
from .project import (
    read_environment as read_environment,
    read_project as read_project,
)
from .pythons import (
    span as span,
)
from .reports import (
    written as written,
)
from .result import (
    Exit as Exit,
    Finding as Finding,
    Result as Result,
    State as State,
)

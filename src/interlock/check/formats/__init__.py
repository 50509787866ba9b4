"""One module for each kind of dependency file. None runs or imports what it reads."""

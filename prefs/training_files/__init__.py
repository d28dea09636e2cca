"""Training files: rankings as rows that other trainers read.

Each format is a generator `rows(judged, options, tally)`: it takes `Judged` values one at a time, yields rows of JSON
values and counts in the `Tally` what it left out and why. It keeps no row, so a file of any length needs little
memory; formats that write each trajectory or query once remember eight bytes of each. `FORMATS` lists them by name;
`parquet_schema.schema` has the columns of those that are written as Parquet.
"""

from prefs.training_files.format import Format, Rows
from prefs.training_files.formats import FORMATS
from prefs.training_files.judged import Judged, Row, Tally, judged
from prefs.training_files.options import FileOptions

__all__ = ["FORMATS", "FileOptions", "Format", "Judged", "Row", "Rows", "Tally", "judged"]

"""Picks rows of a published verdicts.csv: the first of each outcome, reason and signature, and of
each sentence about a failure.

    git show 0e3a58c:results/verdicts.csv | python tests/data/older/select.py
"""

import csv
import sys

head, *lines = sys.stdin.read().splitlines()
seen = set()
print(head)
for line, row in zip(lines, csv.DictReader([head, *lines]), strict=True):
    failure = row["detail"] if row["outcome"] == "fail" else ""
    key = (row["outcome"], row["reason"], row["signature"], failure)
    if key not in seen:
        seen.add(key)
        print(line)

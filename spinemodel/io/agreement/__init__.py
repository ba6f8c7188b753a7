"""The agreement of raters as rows of text: every number that a report shows is a cell of one of these tables.

Lengths are mm with three digits behind the point, shares have as many; ``n/a`` stands for what is not known. ``all`` in
a column says that its values are pooled.
"""

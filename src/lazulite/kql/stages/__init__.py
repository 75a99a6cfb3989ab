"""Stages over whole tables, in Python: what SQL cannot say because a row depends on what was made of those before it.

record.py       what a stage is: a function of all rows that can be told to stop
registry.py     the table from a stage's name to its function
scanning.py     the state machine of scan
baskets.py      basket
schemas.py      schema_merge
windows.py      functions of a row among the others
interpreter.py  bound expressions as Python functions, with arithmetic.py
"""

"""A slow evaluator of KQL's core in plain Python, written from Microsoft's documentation and sharing no code with ours.

values       what a value is: literals, null rules, arithmetic, order
expressions  typed expressions that print themselves as KQL and compute themselves for a row
relations    tables, and the tabular operators over them; each remembers the KQL that makes it
"""

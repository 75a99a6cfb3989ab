"""Metric alert rules, their evaluation and state, and the action groups that are told.

rules, action_groups   the two ARM kinds: what a PUT may say
rule, groups           the same, parsed
conditions             pure: readings of a window to verdicts, verdicts to transitions
evaluator              every minute: measure, decide, and commit alert, history and notifications in one transaction
store, query           alert instances and how they are listed
notifier, webhook      delivery, at least once, with Azure's retries
"""

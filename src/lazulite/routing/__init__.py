"""From the doors to the destinations: the intake, the router and its diagnostic settings, the drain.

records.decode -> Intake (durable, acknowledged) -> Drain: Router (diagnostic settings) -> destinations -> engine
"""

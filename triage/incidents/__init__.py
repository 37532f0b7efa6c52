"""Many customers, one matter: finding it, one text for all of them, each mail still a decision of its own.

watch (a ticket arrives) → finding (the clock) → keeping (a person confirms) → writing → members → sending
"""

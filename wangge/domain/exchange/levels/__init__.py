"""Level to level: installations of Wangge that hand cases up and down and report their figures (docs/exchange.md#level-to-level).

The lower one asks the upper one: one signed request carries what is new from below, its signed answer what is new from above. Each side keeps the number of
the last message it has taken in, in the transaction of what it did with it, and every message has an id that counts once. So any request may be cut,
repeated or lost at any point, and nothing is lost or doubled.
"""

"""Word to people about what happened: in the desk, by mail and by webhook.

events      what people can be told of, and by which ways unless they say otherwise
telling     write a notification, in the transaction of what it tells
reading     what one person sees of them, and what is read
settings    who wants to hear what, and when not to be disturbed
webhooks    addresses that are told: one's own and the desk's
digests     what is due to leave the desk, one message for many notifications
weekly      last week's figures on Monday morning, for managers who want them
"""

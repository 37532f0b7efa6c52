"""Larkfield Coffee, an invented company: customers, orders, articles and tickets to try the desk with."""

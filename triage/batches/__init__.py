"""Like drafts of low risk that one person approves together, once a random tenth of them was decided one by one."""

"""Questions of managers in words, answered from the documented views of triage.database.reporting.

known      questions that the desk understands by itself, without a model
writing    from a question to SQL: by a model, or the offline engine's known questions
measures   what can be counted without a model; vocabulary, periods: the words around it
guard      what SQL may be: one SELECT over listed views, columns and functions, with a limit
running    runs it on a connection that can only read, within limits of time and size
exact      the metric of the catalogue that a question names, so that no second truth arises
asking     the service: who may ask, what is kept and audited
"""

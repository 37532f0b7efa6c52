"""What a reply may be grounded in: articles with versions, their passages, and the search over them.

Markdown -> articles (SQL, versions) -> chunking -> embedding -> Passage rows -> index (Chroma) -> search
"""

from triage import quiet as quiet  # first: it silences libraries before they are imported

"""Keeps libraries from calling home and from slow habits; imported before any of them, so that it is read in time.

Defaults only: whoever sets one of these variables on purpose keeps their value.
"""

import os
import sys

QUIET = {
    "ANONYMIZED_TELEMETRY": "False",  # chromadb
    "GUARDRAILS_RUN_SYNC": "true",  # guardrails-ai: no event loop and thread leaked per check
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # litellm: no price list fetched at import
    "OPENBLAS_NUM_THREADS": "1",  # numpy: threads that wait for each other busily made small products 40 times slower under load
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime: no device id, no name look-up
}

for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)

# jsonschema would import this to check the form of IRIs, which nobody here asks for; compiling its grammar takes
# most of a second at every start.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

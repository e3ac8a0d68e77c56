"""What a run does to a request before it is sent, so that it reaches something and harms nothing that it goes on with."""

import hashlib
import itertools
import json
import os

import schemathesis

# Its own account and token, by ids and names in lower case.
OWN = frozenset(json.loads(os.environ.get("STOWAGE_OWN", "[]")))
# What there is: by the name of the parameter, {id} by the first segment of the path.
KNOWN = json.loads(os.environ.get("STOWAGE_KNOWN", "{}"))

requests = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    take_own_key(case)
    if case.method.upper() != "DELETE" and next(requests) % 2 == 1:
        ask_for_what_is_there(case)
    spare(case)


def ask_for_what_is_there(case):
    """Made-up names and ids reach little more than 404, and what was reached before may be deleted by now."""
    segment = case.operation.path.split("/")[1]
    for name in case.path_parameters or {}:
        known = KNOWN.get(segment if name == "id" else name)
        if known is not None:
            case.path_parameters[name] = known


def spare(case):
    """A change to its own, and a deletion of what others are asked about, is sent to a name that nothing has."""
    spared = {"GET": frozenset(), "DELETE": OWN.union(KNOWN.values())}.get(case.method.upper(), OWN)
    for name, value in (case.path_parameters or {}).items():
        if str(value).lower() in spared:
            case.path_parameters[name] = "nothing-has-this-name"


def take_own_key(case):
    """The same key comes with many bodies, and all but the first would be refused for that alone."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) <= 255:
        request = json.dumps([case.path_parameters, case.body], default=str, sort_keys=True)
        case.headers["Idempotency-Key"] = key[:200] + hashlib.sha256(request.encode()).hexdigest()[:16]

"""A section against its JSON schema: defaults filled in, the first mistake told in one sentence."""

import copy
import difflib
import math
from typing import Any

import jsonschema

# JSON takes 20.0 for a whole number, which would name another file than 20, and nan for a number above 0
_TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
).redefine(
    "number",
    lambda _, value: (
        not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)))
    ),
)
_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_TYPES)


def filled(value: Any, schema: dict) -> Any:
    """The value with defaults, and with numbers where YAML or the command line left text.

    YAML takes 1e-6 for text, and Snakemake passes `--config 'seeds=[0,1]'` on as text.
    """
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if isinstance(value, str) and ("integer" in kinds or "number" in kinds):
        try:
            return int(value) if "integer" in kinds else float(value)
        except ValueError:
            return value
    if isinstance(value, float) and value == 0:
        return 0.0  # -0.0 is the same number under another name
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [filled(item, schema["items"]) for item in value]
    if isinstance(value, dict):
        named, rest = schema.get("properties", {}), schema.get("additionalProperties")
        for key, part in named.items():
            if "default" in part:
                value.setdefault(key, copy.deepcopy(part["default"]))
        for key in value:
            part = named.get(key, rest)
            if isinstance(part, dict):
                value[key] = filled(value[key], part)
    return value


def mistake(value: dict[str, Any], schema: dict) -> str | None:
    """The first mistake, of those nearest to the top: where it is, what stands there, what should."""
    errors = sorted(
        _Validator(schema).iter_errors(value), key=lambda error: (len(error.absolute_path), str(error.path))
    )
    return _sentence(errors[0]) if errors else None


def _sentence(error: jsonschema.ValidationError) -> str:
    path = _path(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        key = next(name for name in error.instance if name not in known)
        near = difflib.get_close_matches(str(key), known, n=1)
        perhaps = f"; perhaps {near[0]} is meant" if near else ""
        return f"{_join(path, key)}: no such key; there are {', '.join(known)}{perhaps}."
    if "propertyNames" in error.absolute_schema_path:
        return f"{_join(path, error.instance)}: {error.instance!r} is not {error.schema['mend']}."
    if error.validator == "required":
        key = next(name for name in error.validator_value if name not in error.instance)
        mend = error.schema.get("properties", {}).get(key, {}).get("mend", "a value")
        return f"{_join(path, key)} is missing; it should be {mend}."
    if (wrong := _limit(error)) is not None:
        return f"{path}: {_shown(error.instance)} {wrong}."
    return f"{path}: {_shown(error.instance)} is not {error.schema.get('mend', error.message)}."


def _limit(error: jsonschema.ValidationError) -> str | None:
    """What is said of a number beyond a limit that its `mend` does not name, since nobody comes near it."""
    limit = error.validator_value
    if error.validator == "maximum" and str(limit) not in error.schema.get("mend", ""):
        return f"is too large; give at most {limit}"
    if error.validator == "minimum" and "exclusiveMinimum" in error.schema:
        return f"is too small; give at least {limit}"
    return None


def _path(parts: Any) -> str:
    # the place in a list is left out: the message shows the value
    return ": ".join(str(part) for part in parts if not isinstance(part, int))


def _join(path: str, key: str) -> str:
    return f"{path}: {key}" if path else str(key)


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."

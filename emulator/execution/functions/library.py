"""All families of built-in functions: importing this module enters every one of them in the registry."""

from typing import Final

from emulator.execution.functions import (
    bits,
    chance,
    collations,
    dates,
    formatting,
    hashing,
    json_documents,
    locks,
    mathematics,
    metadata,
    security,
    session_state,
    storage,
    strings,
    variants,
)

__all__ = [
    "UNSUPPORTED",
    "WINDOW_ONLY",
    "bits",
    "chance",
    "collations",
    "dates",
    "formatting",
    "hashing",
    "json_documents",
    "locks",
    "mathematics",
    "metadata",
    "security",
    "session_state",
    "storage",
    "strings",
    "variants",
]

WINDOW_ONLY: Final = frozenset(
    (
        "CUME_DIST",
        "DENSE_RANK",
        "FIRST_VALUE",
        "LAG",
        "LAST_VALUE",
        "LEAD",
        "NTILE",
        "PERCENTILE_CONT",
        "PERCENTILE_DISC",
        "PERCENT_RANK",
        "RANK",
        "ROW_NUMBER",
    )
)
"""Functions that must have an OVER clause."""

UNSUPPORTED: Final = frozenset(
    (
        "@@PACK_RECEIVED",
        "@@PACK_SENT",
        "ASSEMBLYPROPERTY",
        "ASYMKEYPROPERTY",
        "ASYMKEY_ID",
        "CERTENCODED",
        "CERTPRIVATEKEY",
        "CERTPROPERTY",
        "CERT_ID",
        "DECRYPTBYASYMKEY",
        "DECRYPTBYCERT",
        "DECRYPTBYKEY",
        "DECRYPTBYKEYAUTOASYMKEY",
        "DECRYPTBYKEYAUTOCERT",
        "DECRYPTBYPASSPHRASE",
        "ENCRYPTBYASYMKEY",
        "ENCRYPTBYCERT",
        "ENCRYPTBYKEY",
        "ENCRYPTBYPASSPHRASE",
        "EVENTDATA",
        "FILEPROPERTYEX",
        "GET_FILESTREAM_TRANSACTION_CONTEXT",
        "IS_OBJECTSIGNED",
        "KEY_GUID",
        "KEY_ID",
        "KEY_NAME",
        "PATHNAME",
        "PERMISSIONS",
        "PUBLISHINGSERVERNAME",
        "SIGNBYASYMKEY",
        "SIGNBYCERT",
        "SYMKEYPROPERTY",
        "TERTIARY_WEIGHTS",
        "TEXTPTR",
        "TEXTVALID",
        "VERIFYSIGNEDBYASYMKEY",
        "VERIFYSIGNEDBYCERT",
        "XML_SCHEMA_NAMESPACE",
    )
)
"""Functions of SQL Server that are not there: a call is NotSupported, not error 195."""

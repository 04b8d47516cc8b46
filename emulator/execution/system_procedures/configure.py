"""``sp_configure``: the server's options, and ``sp_addmessage`` with its kin: messages of its users.

Documentation: "sp_configure", "sp_addmessage", "sp_altermessage", "sp_dropmessage (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.catalog.configuration import ConfigurationOption
from emulator.catalog.system_views.definition import column_list
from emulator.errors import sql_error
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.signatures import procedure, send

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}
OPTIONS = column_list("name nvarchar(35), minimum int, maximum int, config_value int?, run_value int?")


@procedure(PROCEDURES, "sp_configure", "@configname varchar(35) = NULL, @configvalue int = NULL")
def sp_configure(session: Session, name: str | None, value: int | None) -> None:
    """Show the options, or set one. Errors: 15123, 15124, 15129, 15247."""
    configuration = session.instance.configuration
    if name is None:
        found = [o for o in configuration.options.values() if configuration.shows_advanced or not o.advanced]
        send(session, OPTIONS, (_row(option) for option in sorted(found, key=lambda option: option.name.lower())))
        return
    options = [o for o in configuration.named(name) if configuration.shows_advanced or not o.advanced]
    if not options:
        raise sql_error(15123, name)
    if len(options) > 1:
        raise sql_error(15124, name)
    option = options[0]
    if value is None:
        send(session, OPTIONS, [_row(option)])
        return
    if not session.may_on_server("ALTER SETTINGS"):
        raise sql_error(15247)
    if not option.least <= value <= option.greatest:
        raise sql_error(15129, value, name)
    before, option.value = option.value, value
    session.keep_settings()
    session.sink.message(sql_error(15457, option.name, before, value))


def _row(option: ConfigurationOption) -> tuple[object, ...]:
    return option.name, option.least, option.greatest, option.value, option.in_use


FIRST_NUMBER = 50001
MOST_SEVERE = 25
US_ENGLISH = ("us_english", "english")


@procedure(
    PROCEDURES,
    "sp_addmessage",
    "@msgnum int, @severity smallint = NULL, @msgtext nvarchar(255) = NULL, @lang sysname = NULL,"
    " @with_log varchar(5) = 'FALSE', @replace varchar(7) = NULL",
)
def sp_addmessage(
    session: Session,
    number: int,
    severity: int | None,
    text: str | None,
    language: str | None,
    with_log: str,
    replace: str | None,
) -> None:
    """Errors: 15040 the number, 15041 severity, 15043 there is one already, 15247, 15279 none in us_english."""
    if not session.may_on_server("ALTER SETTINGS"):
        raise sql_error(15247)
    messages = session.instance.user_messages
    if number < FIRST_NUMBER:
        raise sql_error(15040)
    if severity is None or not 1 <= severity <= MOST_SEVERE or text is None:
        raise sql_error(15041)
    if language is not None and language.lower() not in US_ENGLISH:
        if number not in messages:
            raise sql_error(15279)
        return
    if number in messages and (replace or "").lower() != "replace":
        raise sql_error(15043)
    messages[number] = severity, text
    session.keep_settings()


@procedure(PROCEDURES, "sp_dropmessage", "@msgnum int, @lang sysname = NULL")
def sp_dropmessage(session: Session, number: int, language: str | None) -> None:
    """Errors: 15040, 15179, 15247."""
    if not session.may_on_server("ALTER SETTINGS"):
        raise sql_error(15247)
    if number < FIRST_NUMBER:
        raise sql_error(15040)
    if session.instance.user_messages.pop(number, None) is None:
        raise sql_error(15179, number)
    session.keep_settings()

"""Procedures, functions, views and triggers.

Each must stand first in its batch (111), and its body is the rest of the batch. Inside another statement it is a plain
syntax error.
"""

from __future__ import annotations

from typing import Final

from emulator.errors import sql_error
from emulator.sql import nodes
from emulator.sql.lexer import END, Token
from emulator.sql.parser.core import Grammar

_SIMPLE_OPTIONS: Final = ("RECOMPILE", "ENCRYPTION", "SCHEMABINDING", "NATIVE_COMPILATION", "VIEW_METADATA")


class ModuleParser(Grammar):
    """CREATE, ALTER and CREATE OR ALTER of modules. The words up to the kind of module have been read."""

    may_return_value: bool
    in_module = False  # whether the body of a module is being read

    def require_first(self, first: Token, statement: str) -> None:
        """Raise what SQL Server raises when `statement`, begun by `first`, does not stand first in its batch."""
        if self.depth > 1:
            raise self.syntax_error()
        if any(token.key != ";" for token in self.tokens[: self.tokens.index(first)]):
            raise sql_error(111, statement, line=first.line)

    # --- Procedures ---------------------------------------------------------------------------------------------------

    def create_procedure(self, first: Token, action: str) -> nodes.CreateProcedure:
        self.require_first(first, "CREATE/ALTER PROCEDURE")
        self.expect_one_of("PROC", "PROCEDURE")
        name = self.object_name()
        number = None
        if self.accept(";"):
            number = self.integer()
        parameters: tuple[nodes.Parameter, ...] = ()
        if self.at("("):
            parameters = self.bracketed_list(self._parameter)
        elif self.at_variable():
            parameters = self.comma_list(self._parameter)
        options, execute_as = self._module_options()
        if self.accept("FOR", "REPLICATION"):
            raise self.not_supported("procedures FOR REPLICATION")
        self.expect("AS")
        body_start = self.token.start
        body = self._module_body(may_return_value=True)
        return nodes.CreateProcedure(
            action, name, parameters, body, options, execute_as, number, body_start, **self.span(first)
        )

    def declared_parameters(self) -> tuple[nodes.Parameter, ...]:
        """The whole text as a list of parameters, as sp_executesql takes it."""
        parameters = self.comma_list(self._parameter) if self.token.kind is not END else ()
        self.expect_end()
        return parameters

    def _parameter(self) -> nodes.Parameter:
        variable = self.variable()
        self.accept("AS")
        if self.at("CURSOR"):
            type_name = nodes.TypeName("cursor", line=self.advance().line)
        else:
            type_name = self.type_name()
        varying = self.accept("VARYING")
        nullable = None
        if self.accept("NOT", "NULL"):
            nullable = False
        elif self.accept("NULL"):
            nullable = True
        default = self._parameter_default() if self.accept("=") else None
        output = self.accept_one_of("OUTPUT", "OUT") is not None
        readonly = self.accept("READONLY")
        return nodes.Parameter(
            variable.name, type_name, default, output, readonly, nullable, varying, line=variable.line
        )

    def _parameter_default(self) -> nodes.Expression:
        """A constant; a bare word counts as a string."""
        if self.at_identifier():
            token = self.token
            return nodes.StringLiteral(self.identifier(), line=token.line)
        return self.constant()

    def _module_body(self, *, may_return_value: bool) -> tuple[nodes.Statement, ...]:
        """Everything to the end of the batch: at least one statement."""
        if self.at_sequence("EXTERNAL", "NAME"):
            raise self.not_supported("modules of CLR assemblies")
        self.in_module, self.may_return_value = True, may_return_value
        body = self.statements()
        if not body:
            raise self.syntax_error()
        return body

    # --- Options ------------------------------------------------------------------------------------------------------

    def _module_options(self) -> tuple[tuple[str, ...], str | None]:
        """[WITH option, ...]: the options, and who it runs as."""
        options: list[str] = []
        execute_as = None
        if not self.at("WITH"):
            return (), None
        while self.accept_one_of("WITH", ","):
            if self.accept_one_of("EXEC", "EXECUTE"):
                self.expect("AS")
                execute_as = self._execute_as()
            else:
                options.append(self._module_option())
        return tuple(options), execute_as

    def _execute_as(self) -> str:
        if self.at_string():
            return self.string()
        return self.expect_one_of("CALLER", "SELF", "OWNER")

    def _module_option(self) -> str:
        if self.accept("RETURNS", "NULL", "ON", "NULL", "INPUT"):
            return "RETURNS NULL ON NULL INPUT"
        if self.accept("CALLED", "ON", "NULL", "INPUT"):
            return "CALLED ON NULL INPUT"
        if self.accept("INLINE"):
            self.expect("=")
            return f"INLINE = {self.expect_one_of('ON', 'OFF')}"
        return self.expect_one_of(*_SIMPLE_OPTIONS)

    # --- Functions ----------------------------------------------------------------------------------------------------

    def create_function(self, first: Token, action: str) -> nodes.CreateFunction:
        self.require_first(first, f"{action.removesuffix(' OR ALTER')} FUNCTION")
        self.expect("FUNCTION")
        name = self.object_name()
        self.expect("(")
        parameters = self.comma_list(self._parameter) if self.at_variable() else ()
        self.expect(")", "RETURNS")
        returns = query = table_variable = table_definition = None
        inline = False
        if self.at_variable():
            table_variable = self.variable().name
            self.expect("TABLE")
            table_definition = self.table_definition()
        elif self.accept("TABLE"):
            inline = True
        else:
            returns = self.type_name()
        options, execute_as = self._module_options()
        self.accept("AS")
        body_start = self.token.start
        body: tuple[nodes.Statement, ...] = ()
        if inline:
            query = self._inline_query()
        else:
            body = self._function_body(scalar=returns is not None)
        return nodes.CreateFunction(
            action,
            name,
            parameters,
            returns,
            query,
            table_variable,
            table_definition,
            body,
            options,
            execute_as,
            body_start,
            **self.span(first),
        )

    def _inline_query(self) -> nodes.Select:
        """`RETURN [(] query [)]`."""
        self.expect("RETURN")
        first = self.token
        if not self.accept("("):
            return self.select_statement()
        select = self.select_statement()
        self.expect(")")
        if not self.at("UNION", "EXCEPT", "INTERSECT"):
            return select
        query = self.continue_query(select.query.body)
        return nodes.Select(query, select.ctes, self.query_hints(), **self.span(first))

    def _function_body(self, *, scalar: bool) -> tuple[nodes.Statement, ...]:
        """BEGIN ... END. A scalar function may return a value, a table-valued one may not."""
        if self.at_sequence("EXTERNAL", "NAME"):
            raise self.not_supported("modules of CLR assemblies")
        self.expect("BEGIN")
        self.in_module, self.may_return_value = True, scalar
        body = self.statements("END")
        self.expect("END")
        return body

    # --- Views --------------------------------------------------------------------------------------------------------

    def create_view(self, first: Token, action: str) -> nodes.CreateView:
        self.require_first(first, f"{action.removesuffix(' OR ALTER')} VIEW")
        self.expect("VIEW")
        name = self.object_name()
        columns = self.identifier_list() if self.at("(") else ()
        options, _ = self._module_options()
        self.expect("AS")
        select = self.select_statement()
        check_option = self.accept("WITH", "CHECK", "OPTION")
        return nodes.CreateView(action, name, select, columns, options, check_option, **self.span(first))

    # --- Triggers -----------------------------------------------------------------------------------------------------

    def create_trigger(self, first: Token, action: str) -> nodes.CreateTrigger:
        self.require_first(first, f"{action.removesuffix(' OR ALTER')} TRIGGER")
        self.expect("TRIGGER")
        name = self.object_name()
        self.expect("ON")
        table, scope = self._trigger_scope()
        options, execute_as = self._module_options()
        timing = "AFTER"
        if self.accept("INSTEAD", "OF"):
            timing = "INSTEAD OF"
        else:
            self.expect_one_of("FOR", "AFTER")
        events = self.comma_list(self._trigger_event)
        self.accept("WITH", "APPEND")
        not_for_replication = self.accept("NOT", "FOR", "REPLICATION")
        self.expect("AS")
        body_start = self.token.start
        body = self._module_body(may_return_value=False)
        return nodes.CreateTrigger(
            action,
            name,
            table,
            timing,
            events,
            body,
            options,
            execute_as,
            not_for_replication,
            scope,
            body_start,
            **self.span(first),
        )

    def _trigger_scope(self) -> tuple[nodes.ObjectName | None, str]:
        if self.accept("DATABASE"):
            return None, "DATABASE"
        if self.accept("ALL", "SERVER"):
            return None, "ALL SERVER"
        return self.object_name(), "TABLE"

    def _trigger_event(self) -> str:
        return self.accept_one_of("INSERT", "UPDATE", "DELETE") or self.identifier().upper()

    def toggle_trigger(self) -> nodes.ToggleTrigger:
        """ENABLE | DISABLE TRIGGER names ON table."""
        first = self.token
        enable = self.expect_one_of("ENABLE", "DISABLE") == "ENABLE"
        self.expect("TRIGGER")
        names = None if self.accept("ALL") else self.comma_list(self.object_name)
        self.expect("ON")
        table, _ = self._trigger_scope()
        return nodes.ToggleTrigger(enable, names, table, **self.span(first))

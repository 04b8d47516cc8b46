"""Principals and permissions."""

from __future__ import annotations

from typing import Final

from emulator.sql import nodes
from emulator.sql.lexer import KEYWORD, WORD, Token
from emulator.sql.parser.core import Grammar

_PERMISSION_ENDS: Final = ("ON", "TO", "FROM")
_CLASS_WORDS: Final = 4  # the longest class of securables, XML SCHEMA COLLECTION, and one to spare


class SecurityParser(Grammar):
    """GRANT, DENY, REVOKE, and the statements on roles, users and logins."""

    def change_permissions(self) -> nodes.ChangePermissions:
        """GRANT, DENY or REVOKE."""
        first = self.token
        action = self.expect_one_of("GRANT", "DENY", "REVOKE")
        grant_option = action == "REVOKE" and self.accept("GRANT", "OPTION", "FOR")
        permissions = self.comma_list(self._permission)
        securable = self._securable() if self.accept("ON") else None
        if action == "REVOKE":
            self.expect_one_of("TO", "FROM")
        else:
            self.expect("TO")
        principals = self.comma_list(self._principal)
        if action == "GRANT" and self.accept("WITH", "GRANT", "OPTION"):
            grant_option = True
        cascade = action != "GRANT" and self.accept("CASCADE")
        grantor = self._principal() if self.accept("AS") else None
        return nodes.ChangePermissions(
            action, permissions, principals, securable, grant_option, cascade, grantor, **self.span(first)
        )

    def _permission(self) -> nodes.Permission:
        line = self.token.line
        words = []
        while self.token.kind in (WORD, KEYWORD) and self.token.key not in _PERMISSION_ENDS:
            words.append(self.advance().key)
        if not words:
            raise self.syntax_error()
        name = " ".join("EXECUTE" if word == "EXEC" else word for word in words)
        columns = self.identifier_list() if self.at("(") else ()
        return nodes.Permission("ALL" if name == "ALL PRIVILEGES" else name, columns, line=line)

    def _securable(self) -> nodes.Securable:
        """`[class::]name [(columns)]`."""
        line = self.token.line
        kind = "OBJECT"
        for length in range(1, _CLASS_WORDS):
            if self.peek(length).key == "::":
                kind = " ".join(self.option_word().upper() for _ in range(length))
                self.expect("::")
                break
        name = self.object_name()
        columns = self.identifier_list() if self.at("(") else ()
        return nodes.Securable(kind, name, columns, line=line)

    def _principal(self) -> str:
        """A user or role. PUBLIC is a reserved word, and a role."""
        return self.advance().value if self.at("PUBLIC") else self.identifier()

    # --- Roles --------------------------------------------------------------------------------------------------------

    def create_role(self, first: Token) -> nodes.CreateRole:
        server = self.accept("SERVER")
        self.expect("ROLE")
        name = self.identifier()
        owner = self.identifier() if self.accept("AUTHORIZATION") else None
        return nodes.CreateRole(name, owner, server, **self.span(first))

    def alter_role(self, first: Token) -> nodes.AlterRole:
        server = self.accept("SERVER")
        self.expect("ROLE")
        name = self.identifier()
        if self.accept("WITH", "NAME"):
            self.expect("=")
            return nodes.AlterRole(name, "RENAME", self.identifier(), server, **self.span(first))
        verb = self.expect_one_of("ADD", "DROP")
        self.expect("MEMBER")
        return nodes.AlterRole(name, f"{verb} MEMBER", self._principal(), server, **self.span(first))

    # --- Users and logins ---------------------------------------------------------------------------------------------

    def create_user(self, first: Token) -> nodes.CreateUser:
        self.expect("USER")
        name = self.identifier()
        login = None
        without_login = False
        if self.accept("WITHOUT"):
            self.expect("LOGIN")
            without_login = True
        elif self.accept_one_of("FOR", "FROM"):
            if not self.at("LOGIN"):
                raise self.not_supported(f"CREATE USER ... FROM {self.token.value}")
            self.advance()
            login = self.identifier()
        options = self.comma_list(self.named_option) if self.accept("WITH") else ()
        return nodes.CreateUser(name, login, without_login, options, **self.span(first))

    def alter_user(self, first: Token) -> nodes.AlterUser:
        self.expect("USER")
        name = self.identifier()
        self.expect("WITH")
        return nodes.AlterUser(name, self.comma_list(self.named_option), **self.span(first))

    def create_login(self, first: Token) -> nodes.CreateLogin:
        self.expect("LOGIN")
        name = self.identifier()
        source = None
        if self.accept("FROM"):
            source = self.expect_one_of("WINDOWS")
        options = self._login_options() if self.accept("WITH") else ()
        return nodes.CreateLogin(name, options, source, **self.span(first))

    def alter_login(self, first: Token) -> nodes.AlterLogin:
        self.expect("LOGIN")
        name = self.identifier()
        word = self.accept_one_of("ENABLE", "DISABLE")
        if word:
            return nodes.AlterLogin(name, enable=word == "ENABLE", **self.span(first))
        self.expect("WITH")
        return nodes.AlterLogin(name, self._login_options(), **self.span(first))

    def _login_options(self) -> tuple[nodes.Option, ...]:
        """Options with commas between them; those that follow a password have none."""
        options: list[nodes.Option] = []
        while not options or self.accept(","):
            options.append(self.named_option())
            while self.at("HASHED", "MUST_CHANGE", "UNLOCK", "OLD_PASSWORD"):
                if self.at("OLD_PASSWORD"):
                    options.append(self.named_option())
                else:
                    line = self.token.line
                    options.append(nodes.Option(self.advance().key, line=line))
        return tuple(options)

    # --- Owners -------------------------------------------------------------------------------------------------------

    def alter_authorization(self, first: Token) -> nodes.AlterAuthorization:
        self.expect("AUTHORIZATION", "ON")
        securable = self._securable()
        self.expect("TO")
        principal = None if self.accept("SCHEMA", "OWNER") else self._principal()
        return nodes.AlterAuthorization(securable, principal, **self.span(first))

"""The database itself refuses to change a row of the trail, or to delete one not sealed."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def sqlite_trigger(name: str, event: str, table: str, when: str = "") -> str:
    condition = f"WHEN {when} " if when else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} {condition}"
        "BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END"
    )


COVERED = 'SELECT 1 FROM audit_segment WHERE OLD.sequence BETWEEN "first" AND "last"'

# Since the first migration: no row changes, no row goes.
ENTRIES = {
    "sqlite": [
        sqlite_trigger("audit_entry_no_update", "UPDATE", "audit_entry"),
        sqlite_trigger("audit_entry_no_delete", "DELETE", "audit_entry"),
    ],
    "postgresql": [
        "CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the trail is append-only'; END $$",
        "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
        "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
    ],
}

# Since segments: a row goes when a segment covers it, and segments stay as they are. On SQLite
# INSERT OR REPLACE deletes without asking the trigger for it, so a taken place is refused as well.
SEGMENTS = {
    "sqlite": [
        "DROP TRIGGER audit_entry_no_delete",
        sqlite_trigger("audit_entry_no_delete", "DELETE", "audit_entry", f"NOT EXISTS ({COVERED})"),
        sqlite_trigger(
            "audit_entry_no_replace",
            "INSERT",
            "audit_entry",
            "EXISTS (SELECT 1 FROM audit_entry WHERE sequence = NEW.sequence)",
        ),
        sqlite_trigger("audit_segment_no_update", "UPDATE", "audit_segment"),
        sqlite_trigger("audit_segment_no_delete", "DELETE", "audit_segment"),
        sqlite_trigger(
            "audit_segment_no_replace",
            "INSERT",
            "audit_segment",
            'EXISTS (SELECT 1 FROM audit_segment WHERE "first" = NEW."first")',
        ),
    ],
    "postgresql": [
        "DROP TRIGGER audit_entry_no_change ON audit_entry",
        "CREATE FUNCTION audit_entry_let_go() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF EXISTS ({COVERED}) THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'the trail is append-only'; END $$",
        "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_let_go()",
        "CREATE TRIGGER audit_segment_no_change BEFORE UPDATE OR DELETE ON audit_segment "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
        "CREATE TRIGGER audit_segment_no_truncate BEFORE TRUNCATE ON audit_segment "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
    ],
}

LIFT = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS audit_{table}_no_{verb}"
        for table in ("entry", "segment")
        for verb in ("update", "delete", "replace")
    ],
    "postgresql": [
        "DROP FUNCTION IF EXISTS audit_entry_let_go() CASCADE",
        "DROP FUNCTION IF EXISTS audit_entry_refuse() CASCADE",
    ],
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Sets the guard. KeyError for a database that has none: the console doesn't run there."""
    _run(connection, [*ENTRIES[connection.vendor], *SEGMENTS[connection.vendor]])


def lift(connection: BaseDatabaseWrapper) -> None:
    """Takes the guard away, for a migration that alters a table and sets it again."""
    _run(connection, LIFT[connection.vendor])


def guard_entries(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    lift(schema_editor.connection)
    _run(schema_editor.connection, ENTRIES[schema_editor.connection.vendor])


def guard_segments(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _run(schema_editor.connection, SEGMENTS[schema_editor.connection.vendor])


def lift_guard(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    lift(schema_editor.connection)


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

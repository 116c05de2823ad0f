"""The triggers, on both engines, that refuse to change or delete what the journal holds."""

from django.db.backends.base.base import BaseDatabaseWrapper

ENTRIES, TEXTS, SEALS = "journal_journalentry", "journal_journaltext", "journal_journalseal"

POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_TABLE_NAME = '{TEXTS}' AND TG_OP = 'UPDATE' THEN
            IF NEW.id = OLD.id AND NEW.entry_id = OLD.entry_id AND NEW.salt = OLD.salt
               AND OLD.sealed IS NOT NULL AND NEW.sealed IS NULL AND NEW.erased_at IS NOT NULL THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'the journal is append-only';
    END $$
    """,
    f"""CREATE OR REPLACE TRIGGER journal_entry_append_only BEFORE UPDATE OR DELETE ON {ENTRIES}
        FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()""",
    f"""CREATE OR REPLACE TRIGGER journal_text_erase_only BEFORE UPDATE OR DELETE ON {TEXTS}
        FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()""",
]
POSTGRESQL_SEALS = [
    f"""CREATE OR REPLACE TRIGGER journal_seal_append_only BEFORE UPDATE OR DELETE ON {SEALS}
        FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()""",
]
POSTGRESQL_REMOVE_SEALS = [f"DROP TRIGGER IF EXISTS journal_seal_append_only ON {SEALS}"]
POSTGRESQL_REMOVE = [
    f"DROP TRIGGER IF EXISTS journal_entry_append_only ON {ENTRIES}",
    f"DROP TRIGGER IF EXISTS journal_text_erase_only ON {TEXTS}",
    "DROP FUNCTION IF EXISTS journal_is_append_only()",
]
REFUSE = "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
SQLITE = [
    f"CREATE TRIGGER IF NOT EXISTS journal_entry_no_update BEFORE UPDATE ON {ENTRIES} {REFUSE}",
    f"CREATE TRIGGER IF NOT EXISTS journal_entry_no_delete BEFORE DELETE ON {ENTRIES} {REFUSE}",
    f"""CREATE TRIGGER IF NOT EXISTS journal_text_erase_only BEFORE UPDATE ON {TEXTS}
        WHEN NOT (NEW.id = OLD.id AND NEW.entry_id = OLD.entry_id AND NEW.salt = OLD.salt
                  AND OLD.sealed IS NOT NULL AND NEW.sealed IS NULL AND NEW.erased_at IS NOT NULL) {REFUSE}""",
    f"CREATE TRIGGER IF NOT EXISTS journal_text_no_delete BEFORE DELETE ON {TEXTS} {REFUSE}",
]
SQLITE_SEALS = [
    f"CREATE TRIGGER IF NOT EXISTS journal_seal_no_update BEFORE UPDATE ON {SEALS} {REFUSE}",
    f"CREATE TRIGGER IF NOT EXISTS journal_seal_no_delete BEFORE DELETE ON {SEALS} {REFUSE}",
]
SQLITE_REMOVE_SEALS = [
    "DROP TRIGGER IF EXISTS journal_seal_no_update",
    "DROP TRIGGER IF EXISTS journal_seal_no_delete",
]
SQLITE_REMOVE = [
    f"DROP TRIGGER IF EXISTS {name}"
    for name in (
        "journal_entry_no_update",
        "journal_entry_no_delete",
        "journal_text_erase_only",
        "journal_text_no_delete",
    )
]


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def install_on_entries(connection: BaseDatabaseWrapper) -> None:
    """The triggers of entries and texts; the seals' table came later."""
    _run(connection, POSTGRESQL if connection.vendor == "postgresql" else SQLITE)


def install_on_seals(connection: BaseDatabaseWrapper) -> None:
    """The triggers of the seals; those of the entries stand already."""
    _run(connection, POSTGRESQL_SEALS if connection.vendor == "postgresql" else SQLITE_SEALS)


def remove_from_entries(connection: BaseDatabaseWrapper) -> None:
    _run(connection, POSTGRESQL_REMOVE if connection.vendor == "postgresql" else SQLITE_REMOVE)


def remove_from_seals(connection: BaseDatabaseWrapper) -> None:
    _run(connection, POSTGRESQL_REMOVE_SEALS if connection.vendor == "postgresql" else SQLITE_REMOVE_SEALS)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create all triggers; repeating it is harmless."""
    install_on_entries(connection)
    install_on_seals(connection)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop all triggers, for emptying a test database."""
    remove_from_seals(connection)
    remove_from_entries(connection)

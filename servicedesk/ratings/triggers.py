"""The triggers, on both engines, that refuse to change or remove a rating; of a comment they refuse the change."""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE, COMMENTS = "ratings_rating", "ratings_ratingcomment"
POSTGRESQL = [
    """
    CREATE OR REPLACE FUNCTION ratings_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'a rating is never changed or removed'; END $$
    """,
    f"""CREATE OR REPLACE TRIGGER rating_final BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION ratings_are_final()""",
    f"""CREATE OR REPLACE TRIGGER rating_comment_final BEFORE UPDATE ON {COMMENTS}
        FOR EACH ROW EXECUTE FUNCTION ratings_are_final()""",
]
POSTGRESQL_REMOVE = [
    f"DROP TRIGGER IF EXISTS rating_final ON {TABLE}",
    f"DROP TRIGGER IF EXISTS rating_comment_final ON {COMMENTS}",
    "DROP FUNCTION IF EXISTS ratings_are_final()",
]
REFUSE = "BEGIN SELECT RAISE(ABORT, 'a rating is never changed or removed'); END"
SQLITE = [
    f"CREATE TRIGGER IF NOT EXISTS rating_no_update BEFORE UPDATE ON {TABLE} {REFUSE}",
    f"CREATE TRIGGER IF NOT EXISTS rating_no_delete BEFORE DELETE ON {TABLE} {REFUSE}",
    f"CREATE TRIGGER IF NOT EXISTS rating_comment_no_update BEFORE UPDATE ON {COMMENTS} {REFUSE}",
]
SQLITE_REMOVE = [
    f"DROP TRIGGER IF EXISTS {name}" for name in ("rating_no_update", "rating_no_delete", "rating_comment_no_update")
]


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers; repeating it is harmless."""
    _run(connection, POSTGRESQL if connection.vendor == "postgresql" else SQLITE)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for undoing the migration, and for emptying a test database."""
    _run(connection, POSTGRESQL_REMOVE if connection.vendor == "postgresql" else SQLITE_REMOVE)

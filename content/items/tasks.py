"""Work on imports that no reader of a page should wait for."""

from django.tasks import task

from content.items import import_work


@task()
def check_import(run_id: str) -> None:
    import_work.check(run_id)


@task()
def write_import(run_id: str) -> None:
    import_work.write(run_id)

"""Examples that `--help` shows, a few lines a command: each can be typed as it stands, but for its names."""

from collections.abc import Iterator, Mapping

import typer

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "solve": (
        "tierwise solve examples/clinic.yaml --out plan",
        "tierwise solve visits.csv --target readmitted --positive yes --at-least 0.7 --drop visit_id",
        "tierwise solve --case prediction-28a2",
    ),
    "check": ("tierwise check visits.yaml", "tierwise check examples/*.yaml --json"),
    "inspect": ("tierwise inspect visits.csv", "tierwise inspect visits.csv --target readmitted"),
    "features": ("tierwise features scans.yaml", "tierwise features scans.yaml --on slurm"),
    "new": ("tierwise new prediction visits.csv", "tierwise new optimisation triage --out ward.yaml"),
    "batch": ("tierwise batch problems/ --name clinics", "tierwise batch list.txt --usd 20 --workers 4"),
    "explain": ("tierwise explain prediction-28a2",),
    "show": ("tierwise show optimisation-822b --files plan", "tierwise show optimisation-822b --json"),
    "predict": (
        "tierwise predict prediction-28a2 new_visits.csv",
        "tierwise predict case.zip new_visits.csv --out predictions.csv",
    ),
    "open": ("tierwise open prediction-28a2",),
    "report": ("tierwise report prediction-28a2 --out case.pdf",),
    "cases": ("tierwise cases --state held", "tierwise cases --family optimisation --since 2026-11-01"),
    "overview": ("tierwise overview", "tierwise overview --weeks 4 --out november.html"),
    "replay": (
        "tierwise replay prediction-28a2",
        "tierwise replay --sample 20",
        "tierwise replay case.zip --recompute",
    ),
    "export": ("tierwise export prediction-28a2 --out case.zip",),
    "verify": ("tierwise verify case.zip", "tierwise verify case.zip --key site.pem --mlflow site"),
    "reconcile": ("tierwise reconcile --go-on",),
    "approve": ("tierwise approve --list", "tierwise approve prediction-28a2 --reason 'as planned'"),
    "devices": ("tierwise devices", "tierwise devices --history BACKEND:DEVICE"),
    "policy check": ("tierwise policy check policies/default.yaml",),
    "policy try": ("tierwise policy try site.yaml prediction-28a2",),
    "policy show": ("tierwise policy show default",),
    "policy diff": ("tierwise policy diff default site.yaml",),
    "policy canary": ("tierwise policy canary",),
    "policy replay": ("tierwise policy replay site.yaml --since 2026-11-01",),
    "jobs": ("tierwise jobs", "tierwise jobs look prediction-28a2"),
    "jobs look": ("tierwise jobs look prediction-28a2",),
    "jobs adopt": ("tierwise jobs adopt prediction-28a2/2/0 d5f2k0",),
    "jobs bill": ("tierwise jobs bill prediction-28a2/2/0 --qpu-s 2.5 --usd 4",),
    "jobs cancel": ("tierwise jobs cancel prediction-28a2/2/0",),
    "jobs park": ("tierwise jobs park prediction-28a2/2/0",),
    "budget": ("tierwise budget",),
    "budget limit": ("tierwise budget limit --project ward-7 --per month --usd 100",),
    "doctor": ("tierwise doctor",),
    "serve": ("tierwise serve", "tierwise serve --practice"),
    "users add": ("tierwise users add ada",),
    "users list": ("tierwise users list",),
    "users remove": ("tierwise users remove ada",),
    "worker": ("PREFECT_API_URL=http://127.0.0.1:4200/api tierwise worker",),
    "deploy": ("PREFECT_API_URL=http://127.0.0.1:4200/api tierwise deploy",),
    "pilot": (
        "tierwise pilot --under slurm:short",
        "tierwise pilot --list",
    ),
    "ledger rebuild-mlflow": ("tierwise ledger rebuild-mlflow",),
    "backup": ("tierwise backup /backups/tierwise",),
    "restore": ("tierwise restore /backups/tierwise",),
    "prune": (
        "tierwise prune --older-than 2192",
        "tierwise prune --yes",
        "tierwise prune --hold prediction-28a2 --because 'inquiry 12/26'",
    ),
    "keys make": ("tierwise keys make",),
    "keys show": ("tierwise keys show > site.pem",),
    "keys accept": ("tierwise keys accept", "tierwise keys accept --key old.pem"),
    "ledger check": ("tierwise ledger check",),
}

PANELS: Mapping[str, tuple[str, ...]] = {
    "Before a run": ("inspect", "check", "new", "features"),
    "Solve": ("solve", "batch", "approve", "reconcile", "jobs", "budget"),
    "Look at cases": ("cases", "show", "explain", "open", "report", "predict"),
    "Have it checked": ("export", "verify", "replay", "ledger", "keys"),
    "Run a site": (
        "overview",
        "policy",
        "devices",
        "doctor",
        "serve",
        "users",
        "worker",
        "deploy",
        "pilot",
        "backup",
        "restore",
        "prune",
    ),
}
"""Under which heading the help of all lists a command."""


def with_examples(app: typer.Typer) -> typer.Typer:
    """Puts each command's examples below its help, and the commands under headings."""
    panel_of = {name: panel for panel, names in PANELS.items() for name in names}
    for group in _groups(app):
        if group.name in panel_of:
            group.rich_help_panel = panel_of[group.name]
    for words, info in _commands(app):
        if words in panel_of:
            info.rich_help_panel = panel_of[words]
        if lines := EXAMPLES.get(words):
            info.epilog = "\n\n".join([f"Example{'s' if len(lines) > 1 else ''}:", *map(escaped, lines)])
    return app


def escaped(line: str) -> str:
    """A line of a shell as help shows it: nothing in it is markup."""
    return line.replace("[", r"\[")


def _commands(app: typer.Typer, before: str = "") -> Iterator[tuple[str, typer.models.CommandInfo]]:
    for command in app.registered_commands:
        name = command.name or str(getattr(command.callback, "__name__", ""))
        yield f"{before}{name.replace('_', '-')}", command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from _commands(group.typer_instance, f"{before}{group.name} " if group.name else before)


def _groups(app: typer.Typer) -> Iterator[typer.models.TyperInfo]:
    for group in app.registered_groups:
        yield group
        if group.typer_instance is not None and not group.name:
            yield from _groups(group.typer_instance)

from django.urls import URLPattern, URLResolver, include, path, register_converter

from workflows_ui.converters import InstanceId, VersionId, WorkflowName
from workflows_ui.views import (
    account_settings,
    accounts,
    batches,
    budget,
    dashboard_edit,
    dashboards,
    definitions,
    failures,
    instance_acts,
    instances,
    invitations,
    members,
    snapshots,
    sweeps,
    ticked,
    tokens,
    trail,
    trigger,
    versions,
    walls,
    workflow_acts,
    workflows,
)

app_name = "workflows_ui"

register_converter(WorkflowName, "workflow")
register_converter(InstanceId, "instance")
register_converter(VersionId, "version")

# /a/<account>/workflows/<workflow>/instances/<instance>/
instance_urls: list[URLPattern | URLResolver] = [
    path("", instances.instance_detail, name="instance-detail"),
    path("step/", instances.step_output, name="step-output"),
    path("download/", instances.instance_download, name="instance-download"),
    path("pause/", instance_acts.instance_pause, name="instance-pause"),
    path("resume/", instance_acts.instance_resume, name="instance-resume"),
    path("restart/", instance_acts.instance_restart, name="instance-restart"),
    path("terminate/", instance_acts.instance_terminate, name="instance-terminate"),
    path("delete/", instance_acts.instance_delete, name="instance-delete"),
    path("event/", instance_acts.instance_event, name="instance-event"),
    path("earlier/<int:snapshot>/", snapshots.snapshot_detail, name="snapshot-detail"),
    path(
        "earlier/<int:snapshot>/download/",
        snapshots.snapshot_download,
        name="snapshot-download",
    ),
]

# /a/<account>/workflows/<workflow>/
workflow_urls: list[URLPattern | URLResolver] = [
    path("", workflows.workflow_detail, name="workflow-detail"),
    path("trigger/", trigger.instance_trigger, name="instance-trigger"),
    path("settings/", definitions.workflow_settings, name="workflow-settings"),
    path("batch/", batches.batch_create, name="batch-create"),
    path("batches/<uuid:key>/", batches.batch_detail, name="batch-detail"),
    path("ticked/restart/", ticked.ticked_restart, name="ticked-restart"),
    path("ticked/terminate/", ticked.ticked_terminate, name="ticked-terminate"),
    path("ticked/delete/", ticked.ticked_delete, name="ticked-delete"),
    path("terminate-all/", sweeps.sweep_start, name="sweep-start"),
    path("terminate-all/<int:sweep>/", sweeps.sweep_detail, name="sweep-detail"),
    path("terminate-all/<int:sweep>/round/", sweeps.sweep_round, name="sweep-round"),
    path("terminate-all/<int:sweep>/stop/", sweeps.sweep_stop, name="sweep-stop"),
    path("protect/", workflow_acts.workflow_protect, name="workflow-protect"),
    path("unprotect/", workflow_acts.workflow_unprotect, name="workflow-unprotect"),
    path("delete/", workflow_acts.workflow_delete, name="workflow-delete"),
    path("versions/", versions.version_list, name="version-list"),
    path("versions/<version:version>/", versions.version_detail, name="version-detail"),
    path("instances/<instance:instance>/", include(instance_urls)),
]

# /a/<account>/dashboards/<dashboard>/
dashboard_urls: list[URLPattern | URLResolver] = [
    path("", dashboards.dashboard_detail, name="dashboard-detail"),
    path("tick/", dashboards.dashboard_tick, name="dashboard-tick"),
    path("edit/", dashboard_edit.dashboard_edit, name="dashboard-edit"),
    path("share/", dashboard_edit.dashboard_share, name="dashboard-share"),
    path("unshare/", dashboard_edit.dashboard_unshare, name="dashboard-unshare"),
    path("start/", dashboard_edit.dashboard_start, name="dashboard-start"),
    path("duplicate/", dashboard_edit.dashboard_duplicate, name="dashboard-duplicate"),
    path("delete/", dashboard_edit.dashboard_delete, name="dashboard-delete"),
    path("links/", walls.link_list, name="link-list"),
    path("links/<int:link>/revoke/", walls.link_revoke, name="link-revoke"),
    path("panels/new/", dashboard_edit.panel_new, name="panel-new"),
    path("panels/<int:panel>/", dashboards.panel_detail, name="panel-detail"),
    path("panels/<int:panel>/edit/", dashboard_edit.panel_edit, name="panel-edit"),
    path("panels/<int:panel>/move/", dashboard_edit.panel_move, name="panel-move"),
    path("panels/<int:panel>/remove/", dashboard_edit.panel_remove, name="panel-remove"),
]

# /a/<account>/
account_urls: list[URLPattern | URLResolver] = [
    path("", accounts.account_home, name="account-home"),
    path("budget/", budget.budget_detail, name="budget-detail"),
    path("connection/", tokens.token_detail, name="token-detail"),
    path("connection/verify/", tokens.connection_verify, name="connection-verify"),
    path("connection/add/", tokens.token_add, name="token-add"),
    path("connection/<int:token>/replace/", tokens.token_replace, name="token-replace"),
    path("connection/<int:token>/verify/", tokens.token_verify, name="token-verify"),
    path("connection/<int:token>/choose/", tokens.token_choose, name="token-choose"),
    path("connection/<int:token>/lend/", tokens.token_lend, name="token-lend"),
    path("connection/<int:token>/recall/", tokens.token_recall, name="token-recall"),
    path("connection/<int:token>/remove/", tokens.token_remove, name="token-remove"),
    path("trail/", trail.trail_list, name="trail-list"),
    path("trail/log-ins/", trail.trail_log_ins, name="trail-log-ins"),
    path("trail/export/", trail.trail_export, name="trail-export"),
    path("trail/<int:sequence>/", trail.trail_entry, name="trail-entry"),
    path("team/", members.member_list, name="member-list"),
    path("team/leave/", members.member_leave, name="member-leave"),
    path("team/invite/", invitations.invitation_create, name="invitation-create"),
    path("team/<int:member>/", members.member_detail, name="member-detail"),
    path("team/<int:member>/remove/", members.member_remove, name="member-remove"),
    path(
        "team/invitations/<int:invitation>/withdraw/",
        invitations.invitation_withdraw,
        name="invitation-withdraw",
    ),
    path("settings/", account_settings.account_settings, name="account-settings"),
    path(
        "settings/second-factor/",
        account_settings.account_second_factor,
        name="account-second-factor",
    ),
    path("settings/redaction/", account_settings.account_redaction, name="account-redaction"),
    path(
        "settings/redaction/example/",
        account_settings.redaction_example,
        name="redaction-example",
    ),
    path("settings/retention/", account_settings.account_retention, name="account-retention"),
    # not below workflows/: there a workflow of this name would be hidden
    path("new-workflow/", definitions.workflow_create, name="workflow-create"),
    path("new-workflow/runs/", definitions.schedule_runs, name="schedule-runs"),
    path("dashboards/", dashboards.dashboard_list, name="dashboard-list"),
    path("dashboards/new/", dashboard_edit.dashboard_new, name="dashboard-new"),
    path("dashboards/<int:dashboard>/", include(dashboard_urls)),
    path("failures/<slug:fingerprint>/", failures.failure_group, name="failure-group"),
    path("workflows/", workflows.workflow_list, name="workflow-list"),
    path("workflows/<workflow:workflow>/", include(workflow_urls)),
]

urlpatterns = [
    path("connect/", accounts.connect, name="connect"),
    path("connect/cloudflare/", accounts.connect_cloudflare, name="connect-cloudflare"),
    path("connect/local/", accounts.connect_local, name="connect-local"),
    path("connect/demo/", accounts.connect_demo, name="connect-demo"),
    path("join/", invitations.join, name="join"),
    path("join/<str:secret>/", invitations.join_link, name="join-link"),
    path("wall/<str:secret>/", walls.wall, name="wall"),
    path("wall/<str:secret>/tick/", walls.wall_tick, name="wall-tick"),
    path("a/<slug:account>/", include(account_urls)),
]

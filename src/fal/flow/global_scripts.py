"""Runs global scripts before and after everything else."""

from __future__ import annotations

from typing import Any

from dbt.config.runtime import RuntimeConfig
from dbt.graph.thread_pool import DbtThreadPool
from dbt_common.context import get_invocation_context

from fal.flow.asked import globals_asked
from fal.flow.promotion import package_roots
from fal.flow.script_nodes import attach, script_node
from fal.flow.script_runner import ScriptRunner
from fal.flow.scripts import Flow
from fal.flow.settings import globals_set
from fal.project.model import Script


def globals_wanted(config: RuntimeConfig) -> bool:
    """Whether a flow runs global scripts: `--globals`, or `vars: fal: globals: true`."""
    return globals_asked.get() or globals_set(config)


def run_global_scripts(task: Any, flow: Flow, scripts: tuple[Script, ...]) -> bool:
    """Run global scripts one after the other, and keep their results with the run's.

    Args:
        task: dbt's task; its results get those of the scripts.
        flow: what the scripts need.
        scripts: the scripts, in order; the first failure keeps later ones from running.

    Returns:
        Whether all went well.
    """
    if not scripts:
        return True
    # In a thread of its own, as any script, so that Ctrl-C stops it as it stops any script.
    pool = DbtThreadPool(1, task._pool_thread_initializer, [get_invocation_context()])
    runners = [_runner(flow, script, place, scripts) for place, script in enumerate(scripts, 1)]
    failed = False
    try:
        for runner in runners:
            if failed:
                runner.do_skip()
            result = pool.apply_async(task.call_runner, args=[runner]).get()
            task.node_results.append(result)
            failed = failed or str(result.status) != "success"
    except (KeyboardInterrupt, SystemExit):
        task._cancel_connections(pool)
        raise
    pool.close()
    pool.join()
    return not failed


def _runner(flow: Flow, script: Script, place: int, scripts: tuple[Script, ...]) -> ScriptRunner:
    project = flow.config.project_name
    attached = attach(script, None, project)
    node = script_node(attached, flow.manifest, package_roots(flow.config))
    runner = ScriptRunner(flow.config, flow.adapter, node, place, len(scripts))
    runner.attach(flow, attached)
    return runner

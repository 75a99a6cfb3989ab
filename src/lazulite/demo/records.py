"""Facts of the compute as records of Azure ML's resource-log categories: flat, with the columns of their tables.

Value lists are those of the service's documentation; what it leaves open stays empty here instead of being made up.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any, TypeAlias

from lazulite.core.resource_id import ResourceId
from lazulite.demo.facts import ClusterState, DatasetRead, Fact, GpuLoad, Job, ModelRegistered, ProcessLoad, RunChanged
from lazulite.kql.ticks import format_datetime

CategoryRecord: TypeAlias = tuple[str, dict[str, Any]]
CLUSTER = "local-compute"
CLUSTER_TYPE = "AmlCompute"
VM_FAMILY = "standardDv2Family"
# The public family's sizes by cores: queries that were saved for them find the nodes of this machine.
VM_SIZES = {1: "STANDARD_D1_V2", 2: "STANDARD_D2_V2", 4: "STANDARD_D3_V2", 8: "STANDARD_D4_V2", 16: "STANDARD_D5_V2"}
TOOL_TYPE = "Python"
WORKSPACE_OPERATIONS = "MICROSOFT.MACHINELEARNINGSERVICES/WORKSPACES"
# Run status -> (EventType, ExecutionState) of AmlComputeJobEvent. Cancellation has no documented event: its run
# status tells.
JOB_EVENTS = {
    "Queued": ("JobSubmitted", "Queued"),
    "Running": ("JobRunning", "Running"),
    "Completed": ("JobSucceeded", "Succeeded"),
    "Failed": ("JobFailed", "Failed"),
}
# Run status -> the last segments of RunEvent's OperationName: what a user did to the run.
RUN_OPERATIONS = {"NotStarted": "EXPERIMENTS/RUNS/WRITE", "CancelRequested": "EXPERIMENTS/RUNS/CANCEL/ACTION"}


@dataclass(frozen=True)
class Machine:
    """What is constant on one compute: the ML workspace, the tenant, one core a node, and the quota in cores."""

    workspace: ResourceId
    tenant_id: str
    cores_per_node: int
    quota: int

    @property
    def vm_size(self) -> str:
        return VM_SIZES[self.cores_per_node]

    @property
    def cluster_id(self) -> str:
        return f"{self.workspace}/computes/{CLUSTER}"

    @property
    def workspace_guid(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.workspace.key))


class LogRecords:
    """Makes the log records of each fact."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @singledispatchmethod
    def of(self, fact: Fact) -> Iterator[CategoryRecord]:
        """The (category, record) pairs that `fact` is told by."""
        raise TypeError(f"{type(fact).__name__} has no records")

    @of.register
    def _(self, fact: RunChanged) -> Iterator[CategoryRecord]:
        if fact.status in RUN_OPERATIONS:
            yield "RunEvent", self._run_access(fact)
        yield "AmlRunStatusChangedEvent", self._run_status(fact)
        if fact.status in JOB_EVENTS:
            yield "AmlComputeJobEvent", self._job_event(fact)

    @of.register
    def _(self, fact: DatasetRead) -> Iterator[CategoryRecord]:
        yield (
            "DataSetReadEvent",
            self._access(fact.at, fact.job, "DATASETS/REGISTERED/READ")
            | {"AmlDatasetId": fact.dataset_id, "AmlDatasetName": fact.name, "ResultType": "Succeeded"},
        )

    @of.register
    def _(self, fact: ModelRegistered) -> Iterator[CategoryRecord]:
        access = self._access(fact.at, fact.job, "MODELS/WRITE")
        del access["AmlWorkspaceId"]
        yield (
            "ModelsChangeEvent",
            access
            | {
                "AmlModelName": fact.name,
                "CorrelationId": fact.job.job_id,
                "Level": "Informational",
                "ResultSignature": "201",
                "ResultType": "Succeeded",
            },
        )

    @of.register
    def _(self, fact: ClusterState) -> Iterator[CategoryRecord]:
        yield "AmlComputeClusterEvent", self._cluster(fact)

    @of.register
    def _(self, fact: ProcessLoad) -> Iterator[CategoryRecord]:
        yield self._utilization(fact.at, "CPU", "CpuUtilization", fact.cpu, RunId=fact.job.run_id, NodeId=fact.node)

    @of.register
    def _(self, fact: GpuLoad) -> Iterator[CategoryRecord]:
        yield self._utilization(fact.at, "GPU", "GpuUtilization", fact.utilization, DeviceId=fact.device)
        yield self._utilization(fact.at, "GPU", "GpuMemoryUtilization", fact.memory, DeviceId=fact.device)

    def _job_event(self, fact: RunChanged) -> dict[str, Any]:
        event, state = JOB_EVENTS[fact.status]
        failed = fact.status == "Failed"
        return {
            "TimeGenerated": format_datetime(fact.at),
            "OperationName": event,
            "EventType": event,
            "ExecutionState": state,
            "ProvisioningState": "Succeeded",
            "ClusterId": self._machine.cluster_id,
            "ClusterName": CLUSTER,
            "ClusterResourceGroupName": self._machine.workspace.resource_group,
            "CustomerSubscriptionId": self._machine.workspace.subscription,
            "ResourceGroupName": self._machine.workspace.resource_group,
            "WorkspaceName": self._machine.workspace.name,
            "ExperimentId": str(uuid.uuid5(uuid.NAMESPACE_URL, fact.job.experiment)),
            "ExperimentName": fact.job.experiment,
            "JobId": fact.job.job_id,
            "JobName": fact.job.run_id,
            "NodeId": fact.node,
            "ToolType": TOOL_TYPE,
            "RunInContainer": "False",
            "TFWorkerCount": "1",
            "TFParameterServerCount": "0",
            "JobErrorMessage": fact.message if failed else "",
            "ErrorDetails": fact.message.rsplit("\n", 1)[-1] if failed else "",
        }

    def _run_status(self, fact: RunChanged) -> dict[str, Any]:
        return {
            "TimeGenerated": format_datetime(fact.at),
            "OperationName": f"{WORKSPACE_OPERATIONS}/EXPERIMENTS/RUNS/STATUS/WRITE",
            "Level": "Error" if fact.status == "Failed" else "Informational",
            "Status": fact.status,
            "RunId": fact.job.run_id,
            "RootRunId": fact.job.run_id,
            "CorrelationId": fact.job.job_id,
            "TriggeringUserName": fact.job.user,
            "WorkspaceId": self._machine.workspace_guid,
            "WorkspaceName": self._machine.workspace.name,
            "Message": fact.message.rsplit("\n", 1)[-1],
        }

    def _run_access(self, fact: RunChanged) -> dict[str, Any]:
        return self._access(fact.at, fact.job, RUN_OPERATIONS[fact.status]) | {"RunId": fact.job.run_id}

    def _access(self, at: int, job: Job, operation: str) -> dict[str, Any]:
        """What every "who did what" table has."""
        return {
            "TimeGenerated": format_datetime(at),
            "OperationName": f"{WORKSPACE_OPERATIONS}/{operation}",
            "AadTenantId": self._machine.tenant_id,
            "AmlWorkspaceId": self._machine.workspace_guid,
            "Identity": {"UserName": job.user},
        }

    def _cluster(self, fact: ClusterState) -> dict[str, Any]:
        steady = fact.current == fact.target
        return {
            "TimeGenerated": format_datetime(fact.at),
            "OperationName": fact.event or "NodeStateChange",
            "EventType": fact.event,
            "ProvisioningState": "Deleting" if fact.event.startswith("Delete") else "Succeeded",
            "AllocationState": "Steady" if steady else "Resizing",
            "AllocationStateTransitionTime": format_datetime(fact.at),
            "IsResizeGrow": str(fact.grows or fact.current < fact.target),
            "ClusterName": CLUSTER,
            "ClusterType": CLUSTER_TYPE,
            "CoreCount": fact.current * self._machine.cores_per_node,
            "InitialNodeCount": 0,
            "MinimumNodeCount": fact.maximum,
            "MaximumNodeCount": fact.maximum,
            "TargetNodeCount": fact.target,
            "CurrentNodeCount": fact.current,
            "IdleNodeCount": fact.idle,
            "PreparingNodeCount": fact.preparing,
            "RunningNodeCount": fact.running,
            "LeavingNodeCount": fact.leaving,
            "UnusableNodeCount": 0,
            "PreemptedNodeCount": "0",
            "QuotaAllocated": str(self._machine.quota),
            "QuotaUtilized": str(fact.running * self._machine.cores_per_node),
            "ScalingType": "manual",
            "VmFamilyName": VM_FAMILY,
            "VmPriority": "Dedicated",
            "VmSize": self._machine.vm_size,
        }

    def _utilization(self, at: int, device: str, metric: str, percent: float, **ids: str) -> CategoryRecord:
        return "AmlComputeCpuGpuUtilization", {
            "TimeGenerated": format_datetime(at),
            "OperationName": f"{WORKSPACE_OPERATIONS}/COMPUTES/UTILIZATION/WRITE",
            "Level": "Informational",
            "ClusterName": CLUSTER,
            "DeviceType": device,
            "MetricName": metric,
            # A number typed string, as the service has it; queries call todecimal().
            "Utilization": f"{percent:.2f}",
            "WorkspaceId": self._machine.workspace_guid,
            "WorkspaceName": self._machine.workspace.name,
            **ids,
        }

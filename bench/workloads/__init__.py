"""Every named workload, in the order of the table."""

from collections.abc import Mapping

from bench.workload import Workload
from bench.workloads import (
    api_proxy,
    auth_cost,
    fanout_latency,
    handler_latency,
    invoke,
    large,
    limits,
    mappings,
    memory,
    objects,
    producer,
    puts,
    scan,
    start,
    thumbnail,
)

WORKLOADS: Mapping[str, Workload] = {
    workload.name: workload
    for workload in (
        puts.PUT_RECORDS_JSON,
        puts.PUT_RECORD,
        puts.PUT_LATENCY,
        auth_cost.AUTH_COST,
        puts.NATIVE_PUT,
        scan.GET_RECORDS_SCAN,
        producer.PRODUCER,
        handler_latency.HANDLER_LATENCY,
        fanout_latency.FANOUT_LATENCY,
        mappings.MAPPING_THROUGHPUT,
        mappings.MAPPINGS_IDLE,
        invoke.INVOKE_WARM,
        invoke.INVOKE_HTTP,
        api_proxy.API_PROXY,
        *invoke.COLD_STARTS.values(),
        thumbnail.THUMBNAIL,
        objects.OBJECTS_STREAM,
        objects.OBJECTS_SMALL,
        start.START,
        large.LARGE,
        memory.MEMORY,
        limits.LIMITS_RECORDS,
        limits.LIMITS_BYTES,
        limits.LIMITS_READ_CALLS,
        limits.LIMITS_READ_BYTES,
        puts.CEILING,
    )
}

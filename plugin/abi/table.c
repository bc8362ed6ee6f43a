/* The one door of the shared object: which ABI versions are spoken, and the table of functions. */
#include "abi.h"

static const char *outcome_name(medtl_plugin_outcome outcome)
{
    return (unsigned)outcome < MEDTL_OUTCOME_COUNT ? medtl_outcome_name((medtl_outcome)outcome)
                                                   : "unknown";
}

static const medtl_plugin_api table = {
    .abi = MEDTL_PLUGIN_ABI,
    .size = sizeof(medtl_plugin_api),
    .version = MEDTL_VERSION,
    .status_name = medtl_status_name,
    .outcome_name = outcome_name,
    .create = medtl_abi_create,
    .destroy = medtl_abi_destroy,
    .task_count = medtl_abi_task_count,
    .task = medtl_abi_task,
    .job_create = medtl_abi_job_create,
    .job_destroy = medtl_abi_job_destroy,
    .job_add_file = medtl_abi_job_add_file,
    .job_add_folder = medtl_abi_job_add_folder,
    .job_add_memory = medtl_abi_job_add_memory,
    .job_set_progress = medtl_abi_job_set_progress,
    .job_set_known = medtl_abi_job_set_known,
    .job_run = medtl_abi_job_run,
    .job_start = medtl_abi_job_start,
    .job_wait = medtl_abi_job_wait,
    .job_state = medtl_abi_job_state,
    .job_progress = medtl_abi_job_progress,
    .job_cancel = medtl_abi_job_cancel,
    .job_result = medtl_abi_job_result,
    .item_count = medtl_abi_item_count,
    .item = medtl_abi_item,
    .report_count = medtl_abi_report_count,
    .report = medtl_abi_report,
    .json = medtl_abi_json,
    .report_profile = medtl_abi_report_profile,
};

const medtl_plugin_api *medtl_plugin_get(uint32_t abi)
{
    return abi == MEDTL_PLUGIN_ABI ? &table : NULL;
}

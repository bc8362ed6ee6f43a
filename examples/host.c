/* The smallest host: loads the plugin, classifies what is named, prints a table, writes the reports.
 * usage: host PLUGIN.so OUT_FOLDER FILE_OR_FOLDER...
 * Exit: 0 every image analysed or ruled out, 1 something failed, 2 usage, 3 could not run. */
#include <medtl/plugin.h>

#include <dlfcn.h>
#include <stdio.h>

static void log_line(void *context, medtl_plugin_level level, const char *message)
{
    (void)level;
    fprintf(context, "medtl: %s\n", message);
}

static const medtl_plugin_api *load(const char *path)
{
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    medtl_plugin_get_function *get = NULL;
    const medtl_plugin_api *api = NULL;

    if (object == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return NULL;
    }
    *(void **)&get = dlsym(object, "medtl_plugin_get"); /* the way POSIX shows */
    if (get != NULL)
        api = get(MEDTL_PLUGIN_ABI);
    if (api == NULL)
        fprintf(stderr, "%s does not speak version %u of the plugin ABI\n", path, MEDTL_PLUGIN_ABI);
    return api;
}

static void print_items(const medtl_plugin_api *api, const medtl_plugin_job *job)
{
    for (size_t i = 0; i < api->item_count(job); i++) {
        const medtl_plugin_item *item = api->item(job, i);

        printf("%s\t%s", item->name, api->outcome_name(item->outcome));
        for (size_t c = 0; c < item->class_count; c++)
            printf("\t%s %.4f", item->labels[c], (double)item->probabilities[c]);
        printf("%s%s\n", item->reason[0] != '\0' ? "\t" : "", item->reason);
    }
}

static int write_report(const medtl_plugin_report *report, const char *folder)
{
    char path[4096];
    FILE *file;
    int failed;

    snprintf(path, sizeof path, "%s/%s.dcm", folder, report->sop_instance_uid);
    file = fopen(path, "wb");
    failed = file == NULL || fwrite(report->bytes, 1, report->size, file) != report->size;
    failed |= file != NULL && fclose(file) != 0;
    printf("%s\t%s\n", path, failed ? "cannot be written" : report->task);
    return failed;
}

static int finish(const medtl_plugin_api *api, const medtl_plugin_job *job, const char *folder)
{
    int failed = 0;

    for (size_t i = 0; i < api->item_count(job); i++)
        failed |= api->item(job, i)->outcome == MEDTL_PLUGIN_FAILED;
    for (size_t i = 0; i < api->report_count(job); i++)
        failed |= api->report(job, i)->bytes == NULL || write_report(api->report(job, i), folder);
    return failed;
}

int main(int argc, char **argv)
{
    const medtl_plugin_options options = {.size = sizeof options,
                                          .log = log_line,
                                          .log_context = stderr,
                                          .log_level = MEDTL_PLUGIN_LOG_WARNING};
    const medtl_plugin_api *api = argc > 3 ? load(argv[1]) : NULL;
    medtl_plugin *plugin = NULL;
    medtl_plugin_job *job = NULL;
    medtl_error err = {0};
    int code = 3;

    if (api == NULL)
        return argc > 3 ? 3 : 2;
    if (api->create(&options, &plugin, &err) == MEDTL_OK)
        api->job_create(plugin, &job, &err);
    for (int i = 3; i < argc && err.status == MEDTL_OK; i++)
        if (api->job_add_folder(job, argv[i], NULL) != MEDTL_OK)
            api->job_add_file(job, argv[i], &err);
    if (err.status == MEDTL_OK && api->job_run(job, &err) == MEDTL_OK) {
        print_items(api, job);
        code = finish(api, job, argv[2]);
    }
    if (err.status != MEDTL_OK)
        fprintf(stderr, "%s: %s\n", api->status_name(err.status), err.message);
    api->job_destroy(job);
    api->destroy(plugin);
    return code;
}

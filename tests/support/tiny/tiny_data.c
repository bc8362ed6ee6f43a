/* tiny_data TASKS OUT: a data folder with the tasks of folder TASKS and a tiny model for each, for tests of
 * programs: MEDTL_DATA_DIR=OUT. */
#include "core/base/file.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static medtl_status copy_task(const medtl_task *task, const char *out, medtl_error *err)
{
    const char *slash = strrchr(task->file, '/'), *model = strrchr(task->model_path, '/');
    char path[4096];
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_status status = medtl_file_read(task->file, 1 << 20, &bytes, &size, err);

    if (status == MEDTL_OK) {
        snprintf(path, sizeof path, "%s/tasks/%s", out, slash != NULL ? slash + 1 : task->file);
        status = medtl_file_replace(path, bytes, size, err);
    }
    free(bytes);
    if (status != MEDTL_OK)
        return status;
    snprintf(path, sizeof path, "%s/models/%s", out, model != NULL ? model + 1 : task->model_path);
    return tiny_model_write(task, 1, path, err);
}

int main(int argc, char **argv)
{
    medtl_error err = {MEDTL_OK, ""};
    medtl_config *config = NULL;
    char folder[4096];
    medtl_status status;

    if (argc != 3) {
        fprintf(stderr, "usage: tiny_data TASKS OUT\n");
        return 2;
    }
    snprintf(folder, sizeof folder, "%s/tasks", argv[2]);
    status = medtl_file_make_folders(folder, &err);
    snprintf(folder, sizeof folder, "%s/models", argv[2]);
    if (status == MEDTL_OK)
        status = medtl_file_make_folders(folder, &err);
    if (status == MEDTL_OK)
        status = medtl_config_load((const char *const *)&argv[1], 1, &config, &err);
    for (size_t i = 0; status == MEDTL_OK && i < medtl_config_task_count(config); i++)
        status = copy_task(medtl_config_task(config, i), argv[2], &err);
    medtl_config_destroy(config);
    if (status != MEDTL_OK)
        fprintf(stderr, "tiny_data: %s\n", err.message);
    return status == MEDTL_OK ? 0 : 1;
}

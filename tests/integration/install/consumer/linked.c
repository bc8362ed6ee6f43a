/* Linked to the plugin instead of loading it: loads the default tasks and lets go of them. */
#include <medtl/plugin.h>

#include <stdio.h>

int main(void)
{
    const medtl_plugin_api *api = medtl_plugin_get(MEDTL_PLUGIN_ABI);
    medtl_plugin *plugin = NULL;
    medtl_error err = {0};

    if (api == NULL || api->create(NULL, &plugin, &err) != MEDTL_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < api->task_count(plugin); i++)
        printf("%s\n", api->task(plugin, i)->name);
    api->destroy(plugin);
    return 0;
}

/* Finds the folder with tasks/, models/ and schema/. */
#include "medtl/config.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool has_tasks(const char *folder)
{
    char tasks[4200];
    struct stat facts;

    if ((size_t)snprintf(tasks, sizeof tasks, "%s/tasks", folder) >= sizeof tasks)
        return false;
    return stat(tasks, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* The real path of the shared object or program that this code is linked into. Owned; NULL: unknown. */
static char *own_path(void)
{
    Dl_info info;
    struct link_map *map = NULL;

    /* The main program has an empty name in the link map, and dladdr()'s is its argv[0]. */
    if (dladdr1((const void *)(size_t)own_path, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 ||
        map == NULL || map->l_name == NULL || map->l_name[0] == '\0')
        return realpath("/proc/self/exe", NULL);
    return realpath(map->l_name, NULL);
}

/* ../share/medtl as seen from the file's folder; one and two folders further up for libraries in
 * lib/ARCHITECTURE and tests in a build tree. */
static bool find_beside(const char *file, char *out, size_t size)
{
    char *folder = strdup(file);
    bool found = false;

    for (int level = 0; folder != NULL && level < 4 && !found; level++) {
        char *slash = strrchr(folder, '/');

        if (slash == NULL)
            break;
        *slash = '\0';
        found = level > 0 && (size_t)snprintf(out, size, "%s/share/medtl", folder) < size &&
                has_tasks(out);
    }
    free(folder);
    return found;
}

medtl_status medtl_config_data_folder(char *out, size_t size, medtl_error *err)
{
    const char *asked = getenv("MEDTL_DATA_DIR");
    char *self;
    bool found;

    if (asked != NULL && asked[0] != '\0') {
        if ((size_t)snprintf(out, size, "%s", asked) < size && has_tasks(out))
            return MEDTL_OK;
        return medtl_fail(err, MEDTL_E_CONFIG, "%s: MEDTL_DATA_DIR names a folder without tasks/",
                          asked);
    }
    self = own_path();
    found = (self != NULL && find_beside(self, out, size)) ||
            ((size_t)snprintf(out, size, "%s", MEDTL_INSTALLED_DATA) < size && has_tasks(out));
    if (!found)
        (void)medtl_fail(err, MEDTL_E_CONFIG,
                         "no data folder with tasks/: tried ../share/medtl beside %s and %s "
                         "(MEDTL_DATA_DIR can name it)",
                         self != NULL ? self : "this program", MEDTL_INSTALLED_DATA);
    free(self);
    return found ? MEDTL_OK : MEDTL_E_CONFIG;
}

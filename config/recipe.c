#include "recipe.h"

#include "document.h"
#include "medtl/config.h"
#include "setting_read.h"
#include "xml_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void read_stage(medtl_xml *xml, const xmlNode *element, medtl_stage *stage)
{
    static const char *const data[] = {"labelled", "test", "unlabelled",
                                       "none"}; /* in the order of the enumeration */

    stage->name = medtl_xml_attribute(xml, element, "name");
    stage->command = medtl_xml_attribute(xml, element, "command");
    stage->data = (medtl_stage_data)medtl_xml_word(xml, element, "data", data, 4);
    medtl_settings_read(xml, element, "option", &stage->options, &stage->option_count);
}

static void read_stages(medtl_xml *xml, const xmlNode *root, medtl_recipe *recipe)
{
    recipe->stages = calloc(medtl_xml_count(root, "stage") + 1, sizeof *recipe->stages);
    if (recipe->stages == NULL) {
        medtl_xml_fail_memory(xml);
        return;
    }
    for (xmlNode *node = xmlFirstElementChild((xmlNode *)root); node != NULL;
         node = xmlNextElementSibling(node))
        if (strcmp((const char *)node->name, "stage") == 0)
            read_stage(xml, node, &recipe->stages[recipe->stage_count++]);
}

static void read_recipe(medtl_xml *xml, const xmlNode *root, medtl_recipe *recipe)
{
    if (strcmp((const char *)root->name, "recipe") != 0) {
        medtl_xml_fail(xml, root, "<%s> is not a recipe", (const char *)root->name);
        return;
    }
    recipe->name = medtl_xml_attribute(xml, root, "name");
    recipe->title = medtl_xml_text(xml, medtl_xml_child(xml, root, "title"));
    recipe->source = medtl_xml_text(xml, medtl_xml_child(xml, root, "source"));
    recipe->published = medtl_xml_text(xml, medtl_xml_child(xml, root, "published"));
    medtl_lines_read(xml, root, "deviation", &recipe->deviations, &recipe->deviation_count);
    medtl_settings_read(xml, root, "parameter", &recipe->parameters, &recipe->parameter_count);
    read_stages(xml, root, recipe);
}

static medtl_status load_file(const char *path, medtl_recipe *recipe, medtl_error *err)
{
    medtl_xml xml = {.path = path, .err = err};
    xmlDoc *document = NULL;
    medtl_status status = medtl_settings_document(path, &document, err);

    if (status == MEDTL_OK) {
        read_recipe(&xml, xmlDocGetRootElement(document), recipe);
        status = xml.status;
    }
    if (status == MEDTL_OK)
        status = medtl_document_digest(path, document, recipe->sha256, err);
    xmlFreeDoc(document);
    return status;
}

/* recipes/NAME.xml of the data folder, or `what` where it is a file. Owned. */
static medtl_status find_file(const char *what, char **path, medtl_error *err)
{
    const size_t length = strlen(what);
    char data[4096], *names = NULL;
    medtl_status status;

    *path = NULL;
    if (strchr(what, '/') != NULL || (length > 4 && strcmp(what + length - 4, ".xml") == 0)) {
        *path = strdup(what);
        return *path != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    if ((status = medtl_config_data_folder(data, sizeof data, err)) != MEDTL_OK)
        return status;
    if (asprintf(path, "%s/recipes/%s.xml", data, what) < 0) {
        *path = NULL;
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    if (access(*path, F_OK) == 0 || (status = medtl_recipe_names(&names, err)) != MEDTL_OK)
        return status;
    status =
        medtl_fail(err, MEDTL_E_CONFIG, "there is no recipe '%.64s'; there are %s", what, names);
    free(names);
    return status;
}

medtl_status medtl_recipe_load(const char *what, medtl_recipe **out, medtl_error *err)
{
    medtl_recipe *recipe = calloc(1, sizeof *recipe);
    char *path = NULL;
    medtl_status status;

    *out = NULL;
    if (recipe == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a recipe");
    if ((status = find_file(what, &path, err)) == MEDTL_OK &&
        (status = load_file(path, recipe, err)) == MEDTL_OK) {
        *out = recipe;
        recipe = NULL;
    }
    free(path);
    medtl_recipe_destroy(recipe);
    return status;
}

void medtl_recipe_destroy(medtl_recipe *recipe)
{
    if (recipe == NULL)
        return;
    for (size_t i = 0; i < recipe->stage_count; i++) {
        free(recipe->stages[i].name);
        free(recipe->stages[i].command);
        medtl_settings_free(recipe->stages[i].options, recipe->stages[i].option_count);
    }
    free(recipe->stages);
    medtl_settings_free(recipe->parameters, recipe->parameter_count);
    medtl_lines_free(recipe->deviations, recipe->deviation_count);
    free(recipe->name);
    free(recipe->title);
    free(recipe->source);
    free(recipe->published);
    free(recipe);
}

static int is_recipe(const struct dirent *item)
{
    const size_t length = strlen(item->d_name);

    return item->d_name[0] != '.' && length > 4 && strcmp(item->d_name + length - 4, ".xml") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

medtl_status medtl_recipe_names(char **text, medtl_error *err)
{
    char data[4096], folder[4200];
    struct dirent **items = NULL;
    size_t size = 0;
    int count;
    FILE *stream;
    medtl_status status = medtl_config_data_folder(data, sizeof data, err);

    *text = NULL;
    if (status != MEDTL_OK)
        return status;
    (void)snprintf(folder, sizeof folder, "%s/recipes", data);
    count = scandir(folder, &items, is_recipe, by_bytes);
    if (count < 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot list this folder: %s", folder,
                          strerror(errno));
    stream = open_memstream(text, &size);
    for (int i = 0; i < count; i++) {
        if (stream != NULL)
            fprintf(stream, "%s%.*s", i > 0 ? ", " : "", (int)strlen(items[i]->d_name) - 4,
                    items[i]->d_name);
        free(items[i]);
    }
    free(items);
    return stream != NULL && fclose(stream) == 0 ? MEDTL_OK
                                                 : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

#include "experiment.h"

#include "document.h"
#include "setting_read.h"

#include <stdlib.h>
#include <string.h>

static void read_data(medtl_xml *xml, const xmlNode *element, medtl_experiment_data *data)
{
    double parts = 0.0;

    data->name = medtl_xml_attribute(xml, element, "name");
    data->table = medtl_xml_attribute(xml, element, "table");
    data->root = medtl_xml_attribute(xml, element, "root");
    data->columns = medtl_xml_attribute(xml, element, "columns");
    data->label_map = medtl_xml_attribute(xml, element, "label-map");
    data->task = medtl_xml_attribute(xml, element, "task");
    data->normaliser = medtl_xml_attribute(xml, element, "normaliser");
    data->classes = medtl_xml_attribute(xml, element, "classes");
    data->test = medtl_xml_attribute(xml, element, "test");
    data->validation = medtl_xml_attribute(xml, element, "validation");
    (void)medtl_xml_number(xml, element, "cross-validation", &parts);
    data->cross_validation = (size_t)parts;
    if ((data->test == NULL) == (parts == 0.0))
        medtl_xml_fail(xml, element, "a table has either test folds or cross-validation");
}

static void read_run(medtl_xml *xml, const xmlNode *element, const medtl_experiment *experiment,
                     medtl_experiment_run *run)
{
    char *data = medtl_xml_attribute(xml, element, "data");

    run->name = medtl_xml_attribute(xml, element, "name");
    run->recipe = medtl_xml_attribute(xml, element, "recipe");
    medtl_settings_read(xml, element, "set", &run->settings, &run->setting_count);
    for (run->data = 0; run->data < experiment->data_count; run->data++)
        if (data != NULL && experiment->data[run->data].name != NULL &&
            strcmp(experiment->data[run->data].name, data) == 0)
            break;
    if (data != NULL && run->data == experiment->data_count)
        medtl_xml_fail(xml, element, "there is no <data> of the name %.64s", data);
    free(data);
}

static void read_numbers(medtl_xml *xml, const xmlNode *element, uint64_t **out, size_t *count)
{
    char *text = medtl_xml_text(xml, element), *rest = NULL;

    *out = calloc(text != NULL ? strlen(text) / 2 + 1 : 1, sizeof **out);
    if (*out == NULL)
        medtl_xml_fail_memory(xml);
    for (char *word = text != NULL && *out != NULL ? strtok_r(text, " ", &rest) : NULL;
         word != NULL; word = strtok_r(NULL, " ", &rest)) {
        (*out)[*count] = strtoull(word, NULL, 10);
        for (size_t i = 0; i < *count; i++)
            if ((*out)[i] == (*out)[*count])
                medtl_xml_fail(xml, element, "%s stands twice in its list", word);
        ++*count;
    }
    free(text);
}

static void read_measures(medtl_xml *xml, const xmlNode *element, medtl_experiment *e)
{
    char *text = medtl_xml_text(xml, element), *rest = NULL;

    e->measures = calloc(text != NULL ? strlen(text) / 2 + 1 : 1, sizeof *e->measures);
    if (e->measures == NULL)
        medtl_xml_fail_memory(xml);
    for (char *word = text != NULL && e->measures != NULL ? strtok_r(text, " ", &rest) : NULL;
         word != NULL; word = strtok_r(NULL, " ", &rest))
        if ((e->measures[e->measure_count++] = strdup(word)) == NULL)
            medtl_xml_fail_memory(xml);
    free(text);
}

static void read_lists(medtl_xml *xml, const xmlNode *root, medtl_experiment *e)
{
    e->data = calloc(medtl_xml_count(root, "data") + 1, sizeof *e->data);
    e->prepared = calloc(medtl_xml_count(root, "prepare") + 1, sizeof *e->prepared);
    e->arms = calloc(medtl_xml_count(root, "arm") + 1, sizeof *e->arms);
    if (e->data == NULL || e->prepared == NULL || e->arms == NULL) {
        medtl_xml_fail_memory(xml);
        return;
    }
    for (xmlNode *node = xmlFirstElementChild((xmlNode *)root); node != NULL;
         node = xmlNextElementSibling(node)) {
        const char *name = (const char *)node->name;

        if (strcmp(name, "data") == 0)
            read_data(xml, node, &e->data[e->data_count++]);
        else if (strcmp(name, "prepare") == 0)
            read_run(xml, node, e, &e->prepared[e->prepared_count++]);
        else if (strcmp(name, "arm") == 0)
            read_run(xml, node, e, &e->arms[e->arm_count++]);
        else if (strcmp(name, "sizes") == 0) {
            read_numbers(xml, node, &e->sizes, &e->size_count);
            (void)medtl_xml_number(xml, node, "validation", &e->validation_share);
        }
    }
}

static void read_experiment(medtl_xml *xml, const xmlNode *root, medtl_experiment *e)
{
    char *baseline;

    if (strcmp((const char *)root->name, "experiment") != 0) {
        medtl_xml_fail(xml, root, "<%s> is not an experiment", (const char *)root->name);
        return;
    }
    e->validation_share = 0.2;
    e->name = medtl_xml_attribute(xml, root, "name");
    e->title = medtl_xml_text(xml, medtl_xml_child(xml, root, "title"));
    e->question = medtl_xml_text(xml, medtl_xml_child(xml, root, "question"));
    medtl_lines_read(xml, root, "note", &e->notes, &e->note_count);
    read_lists(xml, root, e);
    read_numbers(xml, medtl_xml_child(xml, root, "seeds"), &e->seeds, &e->seed_count);
    read_measures(xml, medtl_xml_child(xml, root, "measures"), e);
    baseline = medtl_xml_attribute(xml, root, "baseline");
    for (e->baseline = 0; xml->status == MEDTL_OK && e->baseline < e->arm_count; e->baseline++)
        if (strcmp(e->arms[e->baseline].name, baseline) == 0)
            break;
    if (e->baseline == e->arm_count)
        medtl_xml_fail(xml, root, "the baseline is none of the arms");
    free(baseline);
}

medtl_status medtl_experiment_load(const char *path, medtl_experiment **out, medtl_error *err)
{
    medtl_experiment *e = calloc(1, sizeof *e);
    medtl_xml xml = {.path = path, .err = err};
    xmlDoc *document = NULL;
    medtl_status status;

    *out = NULL;
    if (e == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an experiment");
    status = medtl_settings_document(path, &document, err);
    if (status == MEDTL_OK) {
        read_experiment(&xml, xmlDocGetRootElement(document), e);
        status = xml.status;
    }
    if (status == MEDTL_OK)
        status = medtl_document_digest(path, document, e->sha256, err);
    if (status == MEDTL_OK) {
        *out = e;
        e = NULL;
    }
    xmlFreeDoc(document);
    medtl_experiment_destroy(e);
    return status;
}

static void free_runs(medtl_experiment_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(runs[i].name);
        free(runs[i].recipe);
        medtl_settings_free(runs[i].settings, runs[i].setting_count);
    }
    free(runs);
}

void medtl_experiment_destroy(medtl_experiment *e)
{
    if (e == NULL)
        return;
    for (size_t i = 0; i < e->data_count; i++) {
        medtl_experiment_data *d = &e->data[i];
        char *texts[] = {d->name, d->table,      d->root,    d->columns, d->label_map,
                         d->task, d->normaliser, d->classes, d->test,    d->validation};

        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            free(texts[k]);
    }
    free(e->data);
    free_runs(e->prepared, e->prepared_count);
    free_runs(e->arms, e->arm_count);
    medtl_lines_free(e->notes, e->note_count);
    medtl_lines_free(e->measures, e->measure_count);
    free(e->name);
    free(e->title);
    free(e->question);
    free(e->sizes);
    free(e->seeds);
    free(e);
}

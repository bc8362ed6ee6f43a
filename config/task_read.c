/* One <task> element becomes one medtl_task. What the schema cannot say is checked here: that there are
 * one or three channels, that the positive class exists. */
#include "task_read.h"

#include "evidence_read.h"
#include "rule_read.h"
#include "xml_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_channels(medtl_xml *xml, const xmlNode *element, medtl_normaliser *n)
{
    n->channels = 0;
    for (xmlNode *channel = xmlFirstElementChild((xmlNode *)element); channel != NULL;
         channel = xmlNextElementSibling(channel)) {
        double mean = 0.0, sd = 1.0;

        if (n->channels == 3)
            break;
        (void)medtl_xml_number(xml, channel, "mean", &mean);
        (void)medtl_xml_number(xml, channel, "sd", &sd);
        if (!((float)sd > 0.0f))
            medtl_xml_fail(xml, channel, "sd must be larger than 0");
        n->mean[n->channels] = (float)mean;
        n->sd[n->channels] = (float)sd;
        n->channels++;
    }
    for (uint32_t c = 1; c < 3 && n->channels == 1;
         c++) { /* one spelling for one meaning: see image.h */
        n->mean[c] = n->mean[0];
        n->sd[c] = n->sd[0];
    }
    if (n->channels != 1 && n->channels != 3)
        medtl_xml_fail(xml, element, "there are %u channels; 1 (gray) or 3 (colour) are possible",
                       (unsigned)n->channels);
    /* A gray input's unused places repeat the first, so that every spelling of it is the same. */
    for (uint32_t c = 1; n->channels == 1 && c < 3; c++) {
        n->mean[c] = n->mean[0];
        n->sd[c] = n->sd[0];
    }
}

static void read_normaliser(medtl_xml *xml, const xmlNode *element, medtl_normaliser *n)
{
    static const char *const vois[] = {"image", "full", "percentile"};
    static const char *const crops[] = {"none", "breast", "center"};
    static const char *const sides[] = {"keep", "left"};
    static const char *const fits[] = {"letterbox", "stretch"};
    static const char *const constancies[] = {"none", "shades-of-gray"};
    double height = 0.0, width = 0.0;

    memset(n, 0, sizeof *n);
    read_channels(xml, element, n);
    (void)medtl_xml_number(xml, element, "height", &height);
    (void)medtl_xml_number(xml, element, "width", &width);
    n->height = (uint32_t)height;
    n->width = (uint32_t)width;
    /* The words stand in the order of the enumerations in image.h. */
    n->voi = (medtl_voi_choice)medtl_xml_word(xml, element, "voi", vois, 3);
    n->crop = (medtl_crop)medtl_xml_word(xml, element, "crop", crops, 3);
    n->side = (medtl_side)medtl_xml_word(xml, element, "side", sides, 2);
    n->fit = (medtl_fit)medtl_xml_word(xml, element, "fit", fits, 2);
    n->color_constancy =
        (medtl_color_constancy)medtl_xml_word(xml, element, "color-constancy", constancies, 2);
}

/* As medtl_xml_word(); the first word where the attribute is left out. */
static int optional_word(medtl_xml *xml, const xmlNode *element, const char *name,
                         const char *const *words, int count)
{
    if (xmlHasProp(element, (const xmlChar *)name) == NULL)
        return 0;
    return medtl_xml_word(xml, element, name, words, count);
}

/* The element is optional; without it everything is as an attribute's default says. */
static void read_images(medtl_xml *xml, const xmlNode *root, medtl_task_entry *entry)
{
    static const char *const frames[] = {"first", "middle", "all"};
    static const char *const preferences[] = {"both", "presentation", "processing"};
    static const char *const icc[] = {"ignore", "apply"};
    medtl_task *task = &entry->task;
    const xmlNode *element = xmlFirstElementChild((xmlNode *)root);

    while (element != NULL && strcmp((const char *)element->name, "images") != 0)
        element = xmlNextElementSibling((xmlNode *)element);
    if (element == NULL)
        return;
    /* The words stand in the order of the enumerations in config.h and study.h. */
    task->frames = (medtl_frames)optional_word(xml, element, "frames", frames, 3);
    task->preferred_intent = (medtl_intent)optional_word(xml, element, "prefer", preferences, 3);
    task->apply_icc_profile = optional_word(xml, element, "icc", icc, 2) == 1;
    entry->expected_views =
        calloc(xmlChildElementCount((xmlNode *)element) + 1, sizeof *entry->expected_views);
    if (entry->expected_views == NULL) {
        medtl_xml_fail_memory(xml);
        return;
    }
    task->expected_views = entry->expected_views;
    for (xmlNode *node = xmlFirstElementChild((xmlNode *)element); node != NULL;
         node = xmlNextElementSibling(node)) {
        static const char *const sides[] = {"L", "R"};
        medtl_expected_view *view = &entry->expected_views[task->expected_view_count++];

        view->laterality = medtl_xml_word(xml, node, "laterality", sides, 2) == 0
                               ? MEDTL_LATERALITY_LEFT
                               : MEDTL_LATERALITY_RIGHT;
        medtl_xml_copy(xml, node, "view", view->view, sizeof view->view);
    }
}

static void read_positive(medtl_xml *xml, const xmlNode *element, medtl_task *task)
{
    char *positive = medtl_xml_attribute(xml, element, "positive");

    task->positive_class = -1;
    task->threshold = 0.5;
    if (positive == NULL) {
        double threshold;

        if (medtl_xml_number(xml, element, "threshold", &threshold))
            medtl_xml_fail(xml, element, "a threshold needs the class that it is for (positive)");
        return;
    }
    (void)medtl_xml_number(xml, element, "threshold", &task->threshold);
    for (size_t i = 0; i < task->class_count; i++)
        if (strcmp(task->classes[i].label, positive) == 0)
            task->positive_class = (int)i;
    if (task->positive_class < 0)
        medtl_xml_fail(xml, element, "the positive class \"%s\" is none of the classes", positive);
    free(positive);
}

static void read_classes(medtl_xml *xml, const xmlNode *element, medtl_task_entry *entry)
{
    const size_t count = element == NULL ? 0 : xmlChildElementCount((xmlNode *)element);

    entry->classes = calloc(count + 1, sizeof *entry->classes);
    if (entry->classes == NULL) {
        medtl_xml_fail_memory(xml);
        return;
    }
    entry->task.classes = entry->classes;
    for (xmlNode *node = element == NULL ? NULL : xmlFirstElementChild((xmlNode *)element);
         node != NULL; node = xmlNextElementSibling(node)) {
        medtl_class *class = &entry->classes[entry->task.class_count++];
        xmlNode *code = medtl_xml_child(xml, node, "code");

        medtl_xml_copy(xml, node, "label", class->label, sizeof class->label);
        medtl_xml_code(xml, code, &class->code);
        if (code != NULL)
            medtl_xml_code(xml, xmlNextElementSibling(code), &class->private_code);
    }
    read_positive(xml, element, &entry->task);
}

/* The words of a list in an attribute, as a set of bits in the order of the words. */
static unsigned word_set(medtl_xml *xml, const xmlNode *element, const char *list,
                         const char *const *words, unsigned count)
{
    char *copy = list != NULL ? strdup(list) : NULL, *rest = NULL;
    unsigned set = 0;

    if (list != NULL && copy == NULL)
        medtl_xml_fail_memory(xml);
    for (char *word = copy != NULL ? strtok_r(copy, " ", &rest) : NULL; word != NULL;
         word = strtok_r(NULL, " ", &rest))
        for (unsigned i = 0; i < count; i++)
            if (strcmp(words[i], word) == 0) {
                if ((set & 1u << i) != 0)
                    medtl_xml_fail(xml, element, "%s stands twice in its list", word);
                set |= 1u << i;
            }
    free(copy);
    return set;
}

static void read_profiles(medtl_xml *xml, const xmlNode *element, medtl_task_entry *entry)
{
    /* In the order of the bits in config.h. */
    static const char *const profiles[MEDTL_PROFILE_COUNT] = {"tid1500", "air", "cad", "text"};
    medtl_task *task = &entry->task;

    entry->profile = medtl_xml_attribute(xml, element, "profile");
    task->report_profile = entry->profile;
    task->report_profiles = word_set(xml, element, entry->profile, profiles, MEDTL_PROFILE_COUNT);
    if ((task->report_profiles & MEDTL_PROFILE_CAD) != 0 &&
        (strcmp(task->library_modality.value, "MG") != 0 || task->positive_class < 0))
        medtl_xml_fail(xml, element,
                       "the profile cad is for mammography: it needs the modality MG and a "
                       "positive class");
}

/* What is listed, and what is computed from several images. */
static void read_results(medtl_xml *xml, const xmlNode *element, medtl_task *task)
{
    static const char *const exams[] = {"none", "mean", "maximum"}; /* in the order of config.h */
    static const char *const outlines[] = {"breast", "lesion"};
    double top_k = 0.0;
    char *exam = medtl_xml_attribute(xml, element, "exam");

    (void)medtl_xml_number(xml, element, "top-k", &top_k);
    task->top_k = (uint32_t)top_k;
    (void)medtl_xml_number(xml, element, "min-probability", &task->min_probability);
    if (exam != NULL)
        task->exam = (medtl_exam_rule)medtl_xml_word(xml, element, "exam", exams, 3);
    task->outlines_lesion = optional_word(xml, element, "outline", outlines, 2) == 1;
    if (task->outlines_lesion && task->normaliser.channels != 3)
        medtl_xml_fail(xml, element,
                       "a lesion is outlined in colour: the task needs three channels");
    if (task->exam != MEDTL_EXAM_NONE && task->positive_class < 0)
        medtl_xml_fail(xml, element, "a result for the exam needs a positive class");
    free(exam);
}

static void read_report(medtl_xml *xml, const xmlNode *element, medtl_task_entry *entry)
{
    medtl_task *task = &entry->task;
    double series_number = 0.0;

    entry->series_description = medtl_xml_attribute(xml, element, "series-description");
    entry->disclaimer = medtl_xml_text(xml, medtl_xml_child(xml, element, "disclaimer"));
    (void)medtl_xml_number(xml, element, "series-number", &series_number);
    task->series_number = (uint32_t)series_number;
    task->series_description = entry->series_description;
    task->disclaimer = entry->disclaimer;
    medtl_xml_code(xml, medtl_xml_child(xml, element, "procedure"), &task->procedure);
    medtl_xml_code(xml, medtl_xml_child(xml, element, "modality"), &task->library_modality);
    medtl_xml_code(xml, medtl_xml_child(xml, element, "finding-site"), &task->finding_site);
    medtl_xml_code(xml, medtl_xml_child(xml, element, "probability"), &task->probability_concept);
    read_profiles(xml, element, entry); /* after the modality */
    read_results(xml, element, task);
}

/* FOLDER/NAME, absolute where the folder is known to the system. Owned; NULL: out of memory. */
static char *join(const char *folder, size_t folder_length, const char *name)
{
    char *path = NULL;

    if (asprintf(&path, "%.*s/%s", (int)folder_length, folder, name) < 0)
        return NULL;
    return path;
}

/* Beside the task's own file first, so that a site can keep its models with its tasks; then in the data
 * folder, so that a copy of a default task goes on to work wherever it is put. A model that is in neither
 * place is named where it belongs; whoever loads it says that it is missing. */
static char *resolve_model(const char *task_file, const char *model)
{
    const char *slash = strrchr(task_file, '/');
    char data[4096] = "";
    char *beside, *shipped = NULL, *found;

    if (model[0] == '/')
        return strdup(model);
    beside =
        slash != NULL ? join(task_file, (size_t)(slash - task_file), model) : join(".", 1, model);
    if (medtl_config_data_folder(data, sizeof data, NULL) == MEDTL_OK)
        shipped = join(data, strlen(data), model);
    found = beside != NULL ? realpath(beside, NULL) : NULL;
    if (found == NULL && shipped != NULL)
        found = realpath(shipped, NULL);
    if (found == NULL && shipped != NULL && strncmp(task_file, data, strlen(data)) == 0)
        found = strdup(shipped);
    if (found == NULL && beside != NULL)
        found = strdup(beside);
    free(beside);
    free(shipped);
    return found;
}

static void read_model(medtl_xml *xml, const xmlNode *element, medtl_task_entry *entry)
{
    char *file = medtl_xml_attribute(xml, element, "file");

    if (file == NULL)
        return;
    entry->model_path = resolve_model(xml->path, file);
    if (entry->model_path == NULL)
        medtl_xml_fail_memory(xml);
    entry->task.model_path = entry->model_path;
    free(file);
}

static void read_task(medtl_xml *xml, const xmlNode *root, medtl_task_entry *entry)
{
    medtl_task *task = &entry->task;

    if (root == NULL || strcmp((const char *)root->name, "task") != 0) {
        medtl_xml_fail(xml, root, "the root element is not <task>");
        return;
    }
    entry->name = medtl_xml_attribute(xml, root, "name");
    entry->title = medtl_xml_text(xml, medtl_xml_child(xml, root, "title"));
    task->name = entry->name;
    task->title = entry->title;
    medtl_rule_read(xml, medtl_xml_child(xml, root, "take"), &entry->take);
    read_images(xml, root, entry);
    read_normaliser(xml, medtl_xml_child(xml, root, "normalise"), &task->normaliser);
    read_model(xml, medtl_xml_child(xml, root, "model"), entry);
    read_classes(xml, medtl_xml_child(xml, root, "classes"), entry);
    read_report(xml, medtl_xml_child(xml, root, "report"), entry);
    /* The one element that may follow, so no name need be looked for. */
    medtl_evidence_read(xml, xmlNextElementSibling(medtl_xml_child(xml, root, "report")),
                        &task->evidence);
}

medtl_status medtl_task_read(const char *path, xmlSchema *schema, medtl_task_entry **out,
                             medtl_error *err)
{
    medtl_xml xml = {path, MEDTL_OK, err};
    medtl_task_entry *entry = calloc(1, sizeof *entry);
    xmlDoc *document = NULL;
    medtl_status status;

    *out = NULL;
    if (entry == NULL || (entry->file = strdup(path)) == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
        goto done;
    }
    entry->task.file = entry->file;
    if ((status = medtl_document_load(path, schema, &document, err)) != MEDTL_OK)
        goto done;
    read_task(&xml, xmlDocGetRootElement(document), entry);
    if ((status = xml.status) != MEDTL_OK ||
        (status = medtl_document_digest(path, document, entry->digest, err)) != MEDTL_OK)
        goto done;
    entry->task.digest = entry->digest;
    *out = entry;
    entry = NULL;

done:
    xmlFreeDoc(document);
    medtl_task_entry_destroy(entry);
    return status;
}

void medtl_task_entry_destroy(medtl_task_entry *entry)
{
    if (entry == NULL)
        return;
    medtl_rule_clear(&entry->take);
    free(entry->classes);
    free(entry->expected_views);
    free(entry->name);
    free(entry->title);
    free(entry->file);
    free(entry->model_path);
    free(entry->profile);
    free(entry->series_description);
    free(entry->disclaimer);
    free(entry);
}

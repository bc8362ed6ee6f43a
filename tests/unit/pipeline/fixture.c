#include "fixture.h"

#include "tiny_model.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];

static const char task[] =
    "<task xmlns=\"urn:medtl:task:1\" name=\"%s\"><title>Test</title><take>%s</take>"
    "<normalise height=\"24\" width=\"16\" voi=\"full\" crop=\"none\" side=\"keep\" "
    "fit=\"stretch\" "
    "color-constancy=\"none\">%s</normalise>"
    "<model file=\"%s.safetensors\"/><classes positive=\"b\" threshold=\"0.01\">"
    "<class label=\"a\"><code value=\"30807003\" scheme=\"SCT\" meaning=\"Benign\"/></class>"
    "<class label=\"b\"><code value=\"21594007\" scheme=\"SCT\" meaning=\"Malignant\"/></class>"
    "</classes><report profile=\"tid1500\" series-number=\"1\" series-description=\"Test\">"
    "<procedure value=\"363679005\" scheme=\"SCT\" meaning=\"Imaging procedure\"/>"
    "<modality value=\"MG\" scheme=\"DCM\" meaning=\"Mammography\"/>"
    "<finding-site value=\"76752008\" scheme=\"SCT\" meaning=\"Breast\"/>"
    "<probability value=\"111047\" scheme=\"DCM\" meaning=\"Probability of cancer\"/>"
    "<disclaimer>Not a diagnosis.</disclaimer></report></task>";

static int drop(const char *path, const struct stat *facts, int type, struct FTW *where)
{
    (void)facts;
    (void)type;
    (void)where;
    return remove(path);
}

const char *path_of(const char *name)
{
    static char paths[64][768];
    static unsigned next;
    char *path = paths[next++ % 64];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *objects_folder(void) { return path_of("objects"); }

void write_task(const char *file, const char *name, bool colour, const char *from, const char *to)
{
    static const char channel[] = "<channel mean=\"0.5\" sd=\"0.25\"/>";
    char text[8192], channels[256], changed[8192];
    const char *at;
    FILE *stream = fopen(path_of(file), "wb");

    cr_assert_not_null(stream);
    snprintf(channels, sizeof channels, "%s%s%s", channel, colour ? channel : "",
             colour ? channel : "");
    snprintf(text, sizeof text, task, name,
             colour ? "<one-of attribute=\"SamplesPerPixel\"><value>3</value></one-of>"
                    : "<one-of attribute=\"Modality\"><value>MG</value></one-of>"
                      "<none-of attribute=\"SamplesPerPixel\"><value>3</value></none-of>",
             channels, name);
    strcpy(changed, text);
    if (from != NULL) {
        at = strstr(text, from);
        cr_assert_not_null(at, "no '%s' in the task", from);
        snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to,
                 at + strlen(from));
    }
    fputs(changed, stream);
    cr_assert_eq(fclose(stream), 0);
}

void write_model(const char *task_file, unsigned seed, const char *model_file)
{
    const char *path = path_of(task_file);
    medtl_config *config = NULL;
    medtl_error err = {MEDTL_OK, ""};

    cr_assert_eq(medtl_config_load(&path, 1, &config, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(tiny_model_write(medtl_config_task(config, 0), seed, path_of(model_file), &err),
                 MEDTL_OK, "%s", err.message);
    medtl_config_destroy(config);
}

void setup(void)
{
    strcpy(folder, P_tmpdir "/medtl-test-pipeline-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(mkdir(objects_folder(), 0755), 0);
    write_task("10-gray.xml", "gray", false, NULL, NULL);
    write_task("20-colour.xml", "colour", true, NULL, NULL);
    write_model("10-gray.xml", 1, "gray.safetensors");
    write_model("20-colour.xml", 2, "colour.safetensors");
}

void teardown(void) { (void)nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS); }

const char *add_object(const char *name, const raw_dicom *what)
{
    char relative[128];
    const char *path;

    snprintf(relative, sizeof relative, "objects/%s", name);
    path = path_of(relative);
    cr_assert(raw_dicom_write(what, path));
    return path;
}

const char *add_bytes(const char *name, const void *bytes, size_t size)
{
    char relative[128];
    const char *path;
    FILE *stream;

    snprintf(relative, sizeof relative, "objects/%s", name);
    path = path_of(relative);
    stream = fopen(path, "wb");
    cr_assert_not_null(stream);
    cr_assert_eq(fwrite(bytes, 1, size, stream), size);
    cr_assert_eq(fclose(stream), 0);
    return path;
}

medtl_pipeline *load_pipeline(void)
{
    const char *path = path_of(".");
    medtl_pipeline *pipeline = NULL;
    medtl_error err = {MEDTL_OK, ""};

    cr_assert_eq(medtl_pipeline_create(&path, 1, &pipeline, &err), MEDTL_OK, "%s", err.message);
    return pipeline;
}

medtl_batch *batch_of_folder(const medtl_pipeline *pipeline)
{
    medtl_batch *batch = NULL;

    cr_assert_eq(medtl_batch_create(pipeline, &batch, NULL), MEDTL_OK);
    cr_assert_eq(medtl_batch_add_path(batch, objects_folder(), NULL), MEDTL_OK);
    return batch;
}

const medtl_record *record_of(const medtl_batch *batch, const char *name)
{
    for (size_t i = 0; i < medtl_batch_record_count(batch); i++) {
        const medtl_record *record = medtl_batch_record(batch, i);
        const char *slash = strrchr(record->path, '/');

        if (strcmp(slash != NULL ? slash + 1 : record->path, name) == 0)
            return record;
    }
    cr_assert_fail("no record of %s", name);
    return NULL;
}

medtl_status keep(void *context, const medtl_batch_report *report,
                  char location[MEDTL_LOCATION_SIZE], medtl_error *err)
{
    kept *k = context;
    kept_report *r = &k->reports[k->count];

    cr_assert_lt(k->count, sizeof k->reports / sizeof k->reports[0]);
    if (k->answer != MEDTL_OK)
        return medtl_fail(err, k->answer, "the sink is full");
    strcpy(r->study, report->study_instance_uid);
    strcpy(r->sop, report->sop_instance_uid);
    strcpy(r->task, report->task->name);
    r->bytes = malloc(report->size);
    memcpy(r->bytes, report->bytes, report->size);
    r->size = report->size;
    r->image_count = report->image_count;
    r->is_evidence = report->is_evidence;
    snprintf(location, MEDTL_LOCATION_SIZE, "kept:%zu", k->count);
    k->count++;
    return MEDTL_OK;
}

void forget(kept *k)
{
    for (size_t i = 0; i < k->count; i++)
        free(k->reports[i].bytes);
    k->count = 0;
}

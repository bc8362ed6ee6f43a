#include "fixture.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static const char task[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<task xmlns=\"urn:medtl:task:1\" name=\"NAME\">\n"
    "  <title>A  task\n for tests</title>\n"
    "  <take>TAKE</take>\n"
    "  <normalise height=\"16\" width=\"24\" voi=\"percentile\" crop=\"breast\" side=\"left\"\n"
    "             fit=\"letterbox\" color-constancy=\"none\">\n"
    "    <channel mean=\"0.5\" sd=\"0.25\"/>\n"
    "  </normalise>\n"
    "  <model file=\"tiny.safetensors\"/>\n"
    "  <classes positive=\"yes\" threshold=\"0.3\">\n"
    "    <class label=\"no\"><code value=\"30807003\" scheme=\"SCT\" meaning=\"Benign\"/></class>\n"
    "    <class label=\"yes\"><code value=\"21594007\" scheme=\"SCT\" meaning=\"Malignant\"/>\n"
    "      <private-code value=\"y\" scheme=\"99TEST\" meaning=\"Yes\"/></class>\n"
    "  </classes>\n"
    "  <report profile=\"tid1500\" series-number=\"77\" series-description=\"Test\">\n"
    "    <procedure value=\"363679005\" scheme=\"SCT\" meaning=\"Imaging procedure\"/>\n"
    "    <modality value=\"MG\" scheme=\"DCM\" meaning=\"Mammography\"/>\n"
    "    <finding-site value=\"76752008\" scheme=\"SCT\" meaning=\"Breast\"/>\n"
    "    <probability value=\"111047\" scheme=\"DCM\" meaning=\"Probability of cancer\"/>\n"
    "    <disclaimer>Not a diagnosis.</disclaimer>\n"
    "  </report>\n"
    "</task>\n";

static int drop(const char *path, const struct stat *facts, int type, struct FTW *where)
{
    (void)facts;
    (void)type;
    (void)where;
    return remove(path);
}

/* A test that makes a folder of its own gives up the one from its suite. */
void drop_folder(void) { (void)nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS); }

const char *make_folder(void)
{
    if (folder[0] != '\0')
        drop_folder();
    strcpy(folder, P_tmpdir "/medtl-test-config-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    return folder;
}

const char *write_file(const char *name, const char *text)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];
    FILE *file;

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    cr_assert_eq(fclose(file), 0);
    return path;
}

/* Static buffers of the tests' short life. */
static char *replace(const char *text, const char *from, const char *to)
{
    static char buffers[8][16384];
    static unsigned next;
    char *out = buffers[next++ % 8];
    const char *at = strstr(text, from);

    cr_assert_not_null(at, "the task has no '%s'", from);
    cr_assert_lt((size_t)snprintf(out, sizeof buffers[0], "%.*s%s%s", (int)(at - text), text, to,
                                  at + strlen(from)),
                 sizeof buffers[0]);
    return out;
}

const char *task_text(const char *name, const char *take)
{
    return replace(replace(task, "NAME", name != NULL ? name : "tiny"), "TAKE",
                   take != NULL ? take : "<present attribute=\"Rows\"/>");
}

const char *task_with(const char *from, const char *to)
{
    return replace(task_text(NULL, NULL), from, to);
}

medtl_config *load(const char *path)
{
    medtl_error err = {MEDTL_OK, ""};
    medtl_config *config = NULL;

    cr_assert_eq(medtl_config_load(&path, 1, &config, &err), MEDTL_OK, "%s", err.message);
    cr_assert_not_null(config);
    return config;
}

const char *image_value(const void *image, const char *keyword)
{
    static char values[8][2048];
    static unsigned next;
    const size_t length = strlen(keyword);

    for (const char *at = image; at != NULL && *at != '\0';
         at = strchr(at, '|') != NULL ? strchr(at, '|') + 1 : NULL)
        if (strncmp(at, keyword, length) == 0 && at[length] == '=') {
            char *value = values[next++ % 8];

            snprintf(value, sizeof values[0], "%.*s", (int)strcspn(at + length + 1, "|"),
                     at + length + 1);
            return value;
        }
    return NULL;
}

/* The comparison: each subject by itself, so that one difference does not hide another. */
#include "verify.h"

#include <stdarg.h>
#include <string.h>

void verify_say(verify_check *check, verify_answer answer, const char *format, ...)
{
    va_list arguments;

    check->answer = answer;
    va_start(arguments, format);
    (void)vsnprintf(check->what, sizeof check->what, format, arguments);
    va_end(arguments);
    for (char *c = check->what; *c != '\0'; c++) /* what a report says goes to a terminal */
        if (*c < ' ' || *c > '~')
            *c = '?';
}

const char *verify_stated(const medtl_document *report, const char *beginning)
{
    const size_t length = strlen(beginning);
    size_t count = 0;
    const medtl_content_item *items = medtl_document_items(report, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].type, "TEXT") == 0 && strncmp(items[i].text, beginning, length) == 0)
            return items[i].text + length;
    return NULL;
}

/* ---- digests ------------------------------------------------------------------------------ */

static void compare_digest(const medtl_document *report, const char *beginning, const char *here,
                           verify_check *check)
{
    const char *stated = verify_stated(report, beginning);

    if (stated == NULL)
        verify_say(check, VERIFY_NOT_COMPARED, "the report states no SHA-256");
    else if (here == NULL)
        verify_say(check, VERIFY_DIFFERS, "the report's task is not configured here");
    else if (strcmp(stated, here) == 0)
        verify_say(check, VERIFY_AGREES, "sha256 %s", here);
    else
        verify_say(check, VERIFY_DIFFERS, "report: sha256 %.80s; here: sha256 %s", stated, here);
}

/* ---- all ---------------------------------------------------------------------------------- */

static bool same_version(const medtl_document *report, const medtl_document *again)
{
    const char *then = verify_stated(report, "software: "),
               *now = verify_stated(again, "software: ");

    return then != NULL && now != NULL && strcmp(then, now) == 0;
}

medtl_status verify_compare(const medtl_document *report, const verify_reference *here,
                            const medtl_document *again, verification *out, medtl_error *err)
{
    static const char none[] = "no such report can be made from these files";
    verify_check *checks = out->checks;
    medtl_status status;

    memset(out, 0, sizeof *out);
    compare_digest(report, "model sha256: ", here != NULL ? here->model_sha256 : NULL,
                   &checks[VERIFY_MODEL]);
    compare_digest(report, "configuration sha256: ", here != NULL ? here->task_digest : NULL,
                   &checks[VERIFY_CONFIGURATION]);
    for (int i = VERIFY_IMAGES; i < VERIFY_SUBJECT_COUNT; i++)
        verify_say(&checks[i], VERIFY_NOT_COMPARED, "%s", none);
    if (again == NULL)
        return MEDTL_OK;
    status = verify_result(report, again, out, err);
    if (!same_version(report, again))
        verify_say(&checks[VERIFY_CONTENT], VERIFY_NOT_COMPARED,
                   "the report is of another version of medtl");
    else if (checks[VERIFY_MODEL].answer != VERIFY_AGREES ||
             checks[VERIFY_CONFIGURATION].answer != VERIFY_AGREES ||
             checks[VERIFY_IMAGES].answer != VERIFY_AGREES)
        verify_say(&checks[VERIFY_CONTENT], VERIFY_NOT_COMPARED,
                   "it follows from model, configuration and images");
    else
        verify_content(report, again, &checks[VERIFY_CONTENT]);
    return status;
}

bool verify_all_agrees(const verification *v)
{
    for (int i = 0; i < VERIFY_SUBJECT_COUNT; i++)
        if (v->checks[i].answer != VERIFY_AGREES)
            return false;
    return true;
}

const char *verify_subject_name(verify_subject subject)
{
    static const char *const names[VERIFY_SUBJECT_COUNT] = {"model", "configuration", "images",
                                                            "probabilities", "content"};

    return names[subject];
}

const char *verify_answer_name(verify_answer answer)
{
    static const char *const names[] = {"agrees", "differs", "not-compared"};

    return names[answer];
}

#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_SIZE = 8192, CLASSES_NAMED = 3 };

/* ---- lines ---------------------------------------------------------------------------- */

/* Columns of the terminal; 0: not a terminal, lines are never cut. */
static size_t width_of(FILE *stream)
{
    struct winsize size;

    if (!isatty(fileno(stream)) || ioctl(fileno(stream), TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

/* File names may hold anything; a terminal must not obey them. */
static void print_line(FILE *stream, size_t width, const char *line)
{
    size_t column = 0;

    for (const char *p = line; *p != '\0'; p++) {
        const unsigned char c = (unsigned char)*p;

        if ((c & 0xC0) != 0x80) /* not inside a UTF-8 character */
            column++;
        if (width > 0 && column > width)
            break;
        fputc(c < 0x20 || c == 0x7F ? '?' : c, stream);
    }
    fputc('\n', stream);
}

/* ---- classes -------------------------------------------------------------------------- */

/* The classes by falling probability, "mel 71.2 %, nv 20.1 %", at most three. */
static void name_classes(const medtl_task *task, const float *probabilities, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t rank = 0; rank < CLASSES_NAMED && rank < task->class_count; rank++) {
        size_t best = 0;

        /* The class with exactly `rank` classes before it; equal ones keep the task's order. */
        for (size_t i = 0; i < task->class_count; i++) {
            size_t before = 0;

            for (size_t j = 0; j < task->class_count; j++)
                before += probabilities[j] > probabilities[i] ||
                          (j < i && probabilities[j] == probabilities[i]);
            if (before == rank)
                best = i;
        }
        if (used < size)
            used +=
                (size_t)snprintf(out + used, size - used, "%s%s %.1f %%", rank == 0 ? "" : ", ",
                                 task->classes[best].label, 100.0 * (double)probabilities[best]);
    }
}

/* ---- the table ------------------------------------------------------------------------ */

static const char analysed_columns[] = "  %-3s %-1s %-5s  %-10s  %-44s  %s%s%s";

static void print_analysed(FILE *stream, size_t width, const medtl_record *record)
{
    char line[LINE_SIZE], classes[256];
    const medtl_task *task = record->task;

    name_classes(task, record->probabilities, classes, sizeof classes);
    (void)snprintf(line, sizeof line, analysed_columns, record->modality, record->laterality,
                   record->view, task->classes[record->predicted_class].label, classes,
                   record->path, record->reason[0] != '\0' ? ": " : "", record->reason);
    print_line(stream, width, line);
}

/* Records by study and task, so that each report finds its images at once. */
typedef struct sorted_records {
    const medtl_record **records;
    size_t count;
} sorted_records;

static int compare_place(const medtl_record *record, const char *study, const medtl_task *task)
{
    const int order = strcmp(record->study_instance_uid, study);

    return order != 0 ? order : strcmp(record->task->name, task->name);
}

static int compare_records(const void *a, const void *b)
{
    const medtl_record *left = *(const medtl_record *const *)a,
                       *right = *(const medtl_record *const *)b;
    const int order = compare_place(left, right->study_instance_uid, right->task);

    return order != 0 ? order : strcmp(left->path, right->path);
}

static bool sort_analysed(const medtl_batch *batch, sorted_records *sorted)
{
    sorted->count = 0;
    sorted->records = calloc(medtl_batch_record_count(batch) + 1, sizeof *sorted->records);
    if (sorted->records == NULL)
        return false;
    for (size_t i = 0; i < medtl_batch_record_count(batch); i++)
        if (medtl_batch_record(batch, i)->outcome == MEDTL_OUTCOME_ANALYSED)
            sorted->records[sorted->count++] = medtl_batch_record(batch, i);
    qsort(sorted->records, sorted->count, sizeof *sorted->records, compare_records);
    return true;
}

/* The first record of a report's images, by halves. */
static size_t first_of(const sorted_records *sorted, const medtl_report_record *report)
{
    size_t low = 0, high = sorted->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare_place(sorted->records[middle], report->study_instance_uid, report->task) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void print_report(FILE *stream, const medtl_report_record *report)
{
    char line[LINE_SIZE];
    const bool usual = strcmp(report->profile, "tid1500") == 0;

    (void)snprintf(line, sizeof line, "Study %s, %s%s%s: %s%s", report->study_instance_uid,
                   report->task->name, usual ? "" : " as ", usual ? "" : report->profile,
                   report->status != MEDTL_OK ? "no report"
                   : report->already_there    ? "reported already"
                                              : "report ",
                   report->location);
    print_line(stream, 0, line); /* whole: people copy the path from here */
}

/* What the images of each breast, and of the exam, come to. */
static void print_exam(FILE *stream, size_t width, const medtl_report_record *report)
{
    for (size_t i = 0; i < report->exam_count; i++) {
        const medtl_exam_result *one = &report->exam[i];
        const medtl_task *task = report->task;
        char line[LINE_SIZE], classes[256];

        (void)snprintf(classes, sizeof classes, "%s %.1f %%, maximum %.1f %% of %zu",
                       task->classes[task->positive_class].label, 100.0 * one->mean,
                       100.0 * one->maximum, one->views);
        (void)snprintf(line, sizeof line, "  %-3s %-1s %-5s  %-10s  %s", "",
                       one->side == MEDTL_LATERALITY_RIGHT  ? "R"
                       : one->side == MEDTL_LATERALITY_LEFT ? "L"
                                                            : "",
                       one->side == MEDTL_LATERALITY_BOTH ? "exam" : "mean",
                       one->above_threshold ? task->classes[task->positive_class].label : "",
                       classes);
        print_line(stream, width, line);
    }
}

/* The images of a study and task, once, under its reports. */
static void print_images(FILE *stream, size_t width, const sorted_records *sorted,
                         const medtl_report_record *report)
{
    char line[LINE_SIZE];
    size_t i = first_of(sorted, report);

    if (report->image_count == 0 || report->already_there)
        return;
    (void)snprintf(line, sizeof line, analysed_columns, "", "", "view", "finding", "probabilities",
                   "file", "", "");
    print_line(stream, width, line);
    for (; i < sorted->count &&
           compare_place(sorted->records[i], report->study_instance_uid, report->task) == 0;
         i++)
        print_analysed(stream, width, sorted->records[i]);
    print_exam(stream, width, report);
}

static bool is_last_of_its_study(const medtl_batch *batch, size_t index)
{
    const medtl_report_record *this = medtl_batch_report_at(batch, index),
                              *next = medtl_batch_report_at(batch, index + 1);

    return next == NULL || next->task != this->task ||
           strcmp(next->study_instance_uid, this->study_instance_uid) != 0;
}

static bool is_unreported_rest(const medtl_record *record)
{
    return record->outcome == MEDTL_OUTCOME_NOT_TAKEN || record->outcome == MEDTL_OUTCOME_IGNORED ||
           record->outcome == MEDTL_OUTCOME_CANCELLED;
}

static void print_rest(FILE *stream, size_t width, const medtl_batch *batch)
{
    bool titled = false;

    for (size_t i = 0; i < medtl_batch_record_count(batch); i++) {
        const medtl_record *record = medtl_batch_record(batch, i);
        char line[LINE_SIZE];

        if (!is_unreported_rest(record))
            continue;
        if (!titled)
            fputs("Not analysed:\n", stream);
        titled = true;
        (void)snprintf(line, sizeof line, "  %-9s  %s: %s", medtl_outcome_name(record->outcome),
                       record->path, record->reason);
        print_line(stream, width, line);
    }
}

void print_table(FILE *stream, const medtl_batch *batch)
{
    const size_t width = width_of(stream);
    sorted_records sorted;

    if (!sort_analysed(batch, &sorted)) {
        fputs("dcm-medtl: out of memory for the table\n", stderr);
        return;
    }
    for (size_t i = 0; i < medtl_batch_report_count(batch); i++) {
        print_report(stream, medtl_batch_report_at(batch, i));
        if (is_last_of_its_study(batch, i))
            print_images(stream, width, &sorted, medtl_batch_report_at(batch, i));
    }
    free(sorted.records);
    print_rest(stream, width, batch);
}

/* ---- failures and totals ---------------------------------------------------------------- */

void print_failures(FILE *stream, const medtl_batch *batch)
{
    char line[LINE_SIZE];

    for (size_t i = 0; i < medtl_batch_record_count(batch); i++) {
        const medtl_record *record = medtl_batch_record(batch, i);

        if (record->outcome != MEDTL_OUTCOME_FAILED)
            continue;
        (void)snprintf(line, sizeof line, "dcm-medtl: %s: %s", record->path, record->reason);
        print_line(stream, 0, line);
    }
    for (size_t i = 0; i < medtl_batch_report_count(batch); i++) {
        const medtl_report_record *report = medtl_batch_report_at(batch, i);

        if (report->status == MEDTL_OK)
            continue;
        (void)snprintf(line, sizeof line, "dcm-medtl: no %s report for study %s: %s",
                       report->task->name, report->study_instance_uid, report->reason);
        print_line(stream, 0, line);
    }
}

void print_summary(FILE *stream, const medtl_batch *batch, const char *out)
{
    static const struct {
        medtl_outcome outcome;
        const char *words;
    } parts[] = {
        {MEDTL_OUTCOME_ANALYSED, "analysed"},
        {MEDTL_OUTCOME_ALREADY_REPORTED, "reported already"},
        {MEDTL_OUTCOME_NOT_TAKEN, "not taken"},
        {MEDTL_OUTCOME_FAILED, "failed"},
        {MEDTL_OUTCOME_IGNORED, "ignored"},
        {MEDTL_OUTCOME_CANCELLED, "not reached"},
    };
    const size_t files = medtl_batch_record_count(batch);
    size_t written = 0;
    bool first = true;

    fprintf(stream, "%zu %s: ", files, files == 1 ? "file" : "files");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t count = medtl_batch_outcome_count(batch, parts[i].outcome);

        if (count > 0 || parts[i].outcome == MEDTL_OUTCOME_ANALYSED) {
            fprintf(stream, "%s%zu %s", first ? "" : ", ", count, parts[i].words);
            first = false;
        }
    }
    for (size_t i = 0; i < medtl_batch_report_count(batch); i++)
        written += medtl_batch_report_at(batch, i)->status == MEDTL_OK &&
                   !medtl_batch_report_at(batch, i)->already_there;
    fprintf(stream, ". %zu %s written to %s\n", written, written == 1 ? "report" : "reports", out);
}

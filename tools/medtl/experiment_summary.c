#include "experiment_summary.h"

#include "core/base/file.h"
#include "experiment_statistics.h"
#include "run_folder.h"
#include "tools/plot/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *measure_title(const char *name)
{
    static const struct {
        const char *name, *title;
    } titles[] = {{"macro_auc", "macro AUC"}, {"balanced_accuracy", "balanced accuracy"},
                  {"accuracy", "accuracy"},   {"log_loss", "log loss"},
                  {"brier", "Brier score"},   {"calibration_error", "calibration error"}};

    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (strcmp(titles[i].name, name) == 0)
            return titles[i].title;
    return name;
}

static size_t size_count(const medtl_experiment *e)
{
    return e->size_count > 0 ? e->size_count : 1;
}
static uint64_t size_at(const medtl_experiment *e, size_t i)
{
    return e->size_count > 0 ? e->sizes[i] : 0;
}

/* Write what a stream has gathered. Closes it. */
static medtl_status write_text(const char *folder, const char *name, FILE *stream, char **text,
                               size_t *size, medtl_error *err)
{
    char *path = path_join(folder, name);
    medtl_status status = fclose(stream) == 0 && path != NULL
                              ? medtl_file_replace(path, *text, *size, err)
                              : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    free(path);
    free(*text);
    return status;
}

/* ---- results.csv ---------------------------------------------------------------------- */

static void put_number(FILE *stream, double value)
{
    fputc(',', stream);
    if (isfinite(value))
        fprintf(stream, "%.6f", value);
}

static medtl_status write_results(const experiment_state *s, medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for results.csv");
    fputs("arm,recipe,labelled,seed,part,train,validation,test,seconds,processor_seconds,code",
          stream);
    for (size_t m = 0; m < e->measure_count; m++)
        fprintf(stream, ",%s,%s_low,%s_high", e->measures[m], e->measures[m], e->measures[m]);
    fputc('\n', stream);
    for (size_t i = 0; i < s->cell_count; i++) {
        const experiment_cell *c = &s->cells[i];

        if (!c->done)
            continue;
        fprintf(stream, "%s,%s,%zu,%llu,%zu,%zu,%zu,%zu,%.1f,%.1f,%s", e->arms[c->arm].name,
                e->arms[c->arm].recipe, c->counts[DEAL_TRAIN] + c->counts[DEAL_VALIDATION],
                (unsigned long long)c->seed, c->part, c->counts[DEAL_TRAIN],
                c->counts[DEAL_VALIDATION], c->counts[DEAL_TEST], c->seconds, c->processor_seconds,
                c->code);
        for (size_t m = 0; m < e->measure_count; m++) {
            put_number(stream, c->measures[m].value);
            put_number(stream, c->measures[m].low);
            put_number(stream, c->measures[m].high);
        }
        fputc('\n', stream);
    }
    return write_text(s->options.folder, "results.csv", stream, &text, &size, err);
}

/* ---- summary.json --------------------------------------------------------------------- */

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *mean_json(const medtl_mean *m, bool difference)
{
    json_t *object = json_pack("{s:I, s:o, s:o, s:o, s:o}", "runs", (json_int_t)m->count, "mean",
                               number(m->mean), "sd", number(m->sd), "low", number(m->low), "high",
                               number(m->high));

    if (difference)
        json_object_set_new(object, "p", number(m->p));
    return object;
}

/* Of processor time: the same on a busy machine as on a quiet one. */
static double total_seconds(const experiment_state *s)
{
    double sum = 0.0;

    for (size_t i = 0; i < s->cell_count; i++)
        sum += s->cells[i].done ? s->cells[i].processor_seconds : 0.0;
    for (size_t i = 0; i < s->experiment->prepared_count; i++)
        sum += isfinite(s->prepared_seconds[i]) ? s->prepared_seconds[i] : 0.0;
    return sum;
}

static medtl_status add_arm(const experiment_state *s, json_t *list, size_t arm, uint64_t size,
                            medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    json_t *one = json_pack(
        "{s:s, s:s, s:o, s:b}", "arm", e->arms[arm].name, "recipe", e->arms[arm].recipe, "labelled",
        size > 0 ? json_integer((json_int_t)size) : json_null(), "baseline", arm == e->baseline);
    medtl_status status = MEDTL_OK;

    for (size_t m = 0; m < e->measure_count && status == MEDTL_OK; m++) {
        arm_statistics a;

        status = arm_statistics_of(s, arm, size, m, &a, err);
        json_object_set_new(one, e->measures[m], mean_json(&a.value, false));
        if (arm != e->baseline) {
            char key[64];

            snprintf(key, sizeof key, "%s_less_baseline", e->measures[m]);
            json_object_set_new(one, key, mean_json(&a.difference, true));
        }
    }
    json_array_append_new(list, one);
    return status;
}

static medtl_status write_json(const experiment_state *s, medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    char *path = path_join(s->options.folder, "summary.json");
    json_t *list = json_array(), *tables = json_array(), *root;
    medtl_status status =
        path != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    for (size_t i = 0; i < e->data_count; i++)
        json_array_append_new(tables, json_pack("{s:s, s:s, s:s}", "name", e->data[i].name, "table",
                                                e->data[i].table, "sha256", s->tables[i].sha256));
    for (size_t k = 0; k < size_count(e); k++)
        for (size_t a = 0; a < e->arm_count && status == MEDTL_OK; a++)
            status = add_arm(s, list, a, size_at(e, k), err);
    root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:o, s:o}", "experiment", e->name, "title",
                     e->title, "question", e->question, "sha256", e->sha256, "baseline",
                     e->arms[e->baseline].name, "processor_hours", total_seconds(s) / 3600.0,
                     "tables", tables, "arms", list);
    if (status == MEDTL_OK)
        status = root != NULL ? json_write(path, root, err)
                              : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    json_decref(root);
    free(path);
    return status;
}

/* ---- summary.md ----------------------------------------------------------------------- */

static void put_mean(FILE *stream, const medtl_mean *m, bool sign)
{
    if (m->count == 0)
        fputs(" - |", stream);
    else if (m->count == 1)
        fprintf(stream, sign ? " %+.3f |" : " %.3f |", m->mean);
    else
        fprintf(stream, sign ? " %+.3f (%+.3f to %+.3f) |" : " %.3f (%.3f to %.3f) |", m->mean,
                m->low, m->high);
}

static medtl_status put_table(FILE *stream, const experiment_state *s, size_t measure,
                              medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    medtl_status status = MEDTL_OK;

    fprintf(
        stream,
        "\n### %s\n\n| labelled | arm | runs | mean (95 %% interval) | sd | less %s (95 %% interval) | paired p |\n"
        "|---|---|---|---|---|---|---|\n",
        measure_title(e->measures[measure]), e->arms[e->baseline].name);
    for (size_t k = 0; k < size_count(e); k++)
        for (size_t a = 0; a < e->arm_count && status == MEDTL_OK; a++) {
            arm_statistics one;

            status = arm_statistics_of(s, a, size_at(e, k), measure, &one, err);
            if (size_at(e, k) > 0)
                fprintf(stream, "| %llu", (unsigned long long)size_at(e, k));
            else
                fputs("| all", stream);
            fprintf(stream, " | %s | %zu of %zu |", e->arms[a].name, one.value.count, one.expected);
            put_mean(stream, &one.value, false);
            if (isfinite(one.value.sd))
                fprintf(stream, " %.3f |", one.value.sd);
            else
                fputs(" - |", stream);
            put_mean(stream, &one.difference, true);
            if (isfinite(one.difference.p))
                fprintf(stream, " %.3g |\n", one.difference.p);
            else
                fputs(" - |\n", stream);
        }
    return status;
}

/* The versions of the code that the runs name. */
static void put_codes(FILE *stream, const experiment_state *s)
{
    fputs("Code:", stream);
    for (size_t i = 0; i < s->cell_count; i++) {
        size_t first = 0;

        while (first < i && strcmp(s->cells[first].code, s->cells[i].code) != 0)
            first++;
        if (first == i && s->cells[i].code[0] != '\0')
            fprintf(stream, " `%s`", s->cells[i].code);
    }
    fputs(". ", stream);
}

static void put_conditions(FILE *stream, const experiment_state *s)
{
    const medtl_experiment *e = s->experiment;
    bool shared = false;

    for (size_t i = 0; i < e->data_count; i++)
        shared = shared || e->data[i].cross_validation > 0;
    fprintf(
        stream,
        "\nMeans over %zu seeds, each with its own split and start; arms of one seed have the same images. "
        "Intervals and p are by Student's t over these runs%s, cut where a measure ends; p is paired and not adjusted for the number of "
        "comparisons. The test images are the same in all runs%s, so intervals do not cover the choice of test "
        "images: `results.csv` has the bootstrap interval of each run.\n\n",
        e->seed_count,
        shared ? ", with the variance corrected for shared images (Nadeau & Bengio 2003)" : "",
        shared ? " of one seed taken together" : "");
    for (size_t i = 0; i < e->prepared_count; i++)
        if (isfinite(s->prepared_seconds[i]))
            fprintf(stream, "Prepared `%s` (recipe %s): %.2f h. ", e->prepared[i].name,
                    e->prepared[i].recipe, s->prepared_seconds[i] / 3600.0);
        else
            fprintf(stream, "Prepared `%s` (recipe %s): not done. ", e->prepared[i].name,
                    e->prepared[i].recipe);
    fprintf(stream, "All runs together: %.2f h of one processor. ", total_seconds(s) / 3600.0);
    put_codes(stream, s);
    fprintf(stream, "Experiment `%s`, SHA-256 `%.16s`.\n", e->name, e->sha256);
}

static medtl_status write_markdown(const experiment_state *s, medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status = MEDTL_OK;

    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for summary.md");
    fprintf(stream, "## %s\n\n%s\n\n", e->title, e->question);
    for (size_t i = 0; i < e->note_count; i++)
        fprintf(stream, "* %s\n", e->notes[i]);
    for (size_t m = 0; m < e->measure_count && status == MEDTL_OK; m++)
        status = put_table(stream, s, m, err);
    put_conditions(stream, s);
    if (status == MEDTL_OK)
        return write_text(s->options.folder, "summary.md", stream, &text, &size, err);
    fclose(stream);
    free(text);
    return status;
}

/* ---- plots ---------------------------------------------------------------------------- */

/* By training size: one line for each arm. */
static medtl_status draw_lines(const experiment_state *s, size_t measure, const char *path,
                               medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    const size_t n = e->size_count;
    double *room = calloc(4 * n * e->arm_count, sizeof *room);
    plot_series *series = calloc(e->arm_count, sizeof *series);
    plot_chart chart = {.title = e->title,
                        .x_label = "labelled images",
                        .y_label = measure_title(e->measures[measure]),
                        .series = series,
                        .series_count = e->arm_count,
                        .x_log = true};
    medtl_status status = room != NULL && series != NULL
                              ? MEDTL_OK
                              : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    for (size_t a = 0; a < e->arm_count && status == MEDTL_OK; a++) {
        double *x = room + 4 * n * a, *y = x + n, *low = y + n, *high = low + n;

        for (size_t k = 0; k < n && status == MEDTL_OK; k++) {
            arm_statistics one;

            status = arm_statistics_of(s, a, e->sizes[k], measure, &one, err);
            x[k] = (double)e->sizes[k];
            y[k] = one.value.mean;
            low[k] = one.value.low;
            high[k] = one.value.high;
        }
        series[a] = (plot_series){e->arms[a].name, x, y, low, high, n, PLOT_LINE_POINTS};
    }
    if (status == MEDTL_OK)
        status = plot_lines(path, &chart, err);
    free(room);
    free(series);
    return status;
}

static medtl_status draw_bars(const experiment_state *s, size_t measure, const char *path,
                              medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    plot_bar *bars = calloc(e->arm_count, sizeof *bars);
    medtl_status status =
        bars != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    for (size_t a = 0; a < e->arm_count && status == MEDTL_OK; a++) {
        arm_statistics one;

        status = arm_statistics_of(s, a, size_at(e, 0), measure, &one, err);
        bars[a] = (plot_bar){e->arms[a].name, one.value.mean, one.value.low, one.value.high};
    }
    if (status == MEDTL_OK)
        status = plot_bars(path, e->title, measure_title(e->measures[measure]), bars, e->arm_count,
                           (double)NAN, err);
    free(bars);
    return status;
}

static medtl_status draw(const experiment_state *s, medtl_error *err)
{
    const medtl_experiment *e = s->experiment;
    static const char *const endings[] = {"svg", "png"};
    char *folder = path_join(s->options.folder, "plots");
    medtl_status status = folder != NULL ? medtl_file_make_folders(folder, err)
                                         : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    for (size_t i = 0; i < 2 * e->measure_count && status == MEDTL_OK; i++) {
        char *path = NULL;

        if (asprintf(&path, "%s/%s.%s", folder, e->measures[i / 2], endings[i % 2]) < 0) {
            path = NULL;
            status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for plots");
        } else {
            status = e->size_count > 1 ? draw_lines(s, i / 2, path, err)
                                       : draw_bars(s, i / 2, path, err);
        }
        free(path);
    }
    free(folder);
    return status;
}

bool experiment_any_done(const experiment_state *s)
{
    for (size_t i = 0; i < s->cell_count; i++)
        if (s->cells[i].done)
            return true;
    return false;
}

medtl_status experiment_summarise(const experiment_state *s, medtl_error *err)
{
    medtl_status status;

    if (!experiment_any_done(s))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: no run is done yet", s->options.folder);
    if ((status = write_results(s, err)) != MEDTL_OK || (status = write_json(s, err)) != MEDTL_OK ||
        (status = write_markdown(s, err)) != MEDTL_OK)
        return status;
    return draw(s, err);
}

/* Charts as files: decoded by libpng (through core/train/picture.h) and looked at by their pixels. What they look like
 * to people is judged by people: MEDTL_PLOT_FOLDER keeps them. */
#include "core/base/file.h"
#include "core/train/picture.h"
#include "tools/plot/plot.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/medtl-plot-XXXXXX";
static char path[300];

static void make_folder(void) { cr_assert(mkdtemp(folder) != NULL); }

/* Empty the folder; with MEDTL_PLOT_FOLDER move the files there instead. */
static void drop_folder(void)
{
    const char *keep = getenv("MEDTL_PLOT_FOLDER");
    DIR *list = opendir(folder);

    for (struct dirent *e; list != NULL && (e = readdir(list)) != NULL;) {
        char from[600], to[900];

        snprintf(from, sizeof from, "%s/%s", folder, e->d_name);
        snprintf(to, sizeof to, "%s/%s", keep != NULL ? keep : "", e->d_name);
        if (e->d_name[0] != '.' && (keep == NULL || rename(from, to) != 0))
            unlink(from);
    }
    if (list != NULL)
        closedir(list);
    rmdir(folder);
}

TestSuite(plot, .init = make_folder, .fini = drop_folder);

static const char *file(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Pixels of about this colour. */
static size_t count_pixels(const char *name, int red, int green, int blue)
{
    unsigned char *bytes = NULL;
    size_t size = 0, found = 0;
    medtl_picture picture = {0};
    medtl_error err = {0};

    cr_assert(medtl_file_read(file(name), 1 << 24, &bytes, &size, &err) == MEDTL_OK, "%s",
              err.message);
    cr_assert(medtl_picture_decode(bytes, size, name, &picture, &err) == MEDTL_OK, "%s",
              err.message);
    cr_assert(picture.samples == 3 && picture.bits == 8 && picture.rows > 100);
    for (size_t i = 0; i < (size_t)picture.rows * picture.columns; i++) {
        const unsigned char *p = (unsigned char *)picture.pixels + 3 * i;

        found += abs(p[0] - red) + abs(p[1] - green) + abs(p[2] - blue) < 24;
    }
    medtl_picture_clear(&picture);
    free(bytes);
    return found;
}

static const double epochs[] = {1, 2, 3, 4, 5, 6, 7, 8};
static const double loss[] = {1.9, 1.2, 0.9, 0.7, 0.61, 0.55, 0.52, 0.5};
static const double validation[] = {1.8, 1.3, NAN, 0.95, 0.9, 0.91, 0.95, 0.99};
static const double low[] = {1.7, 1.2, NAN, 0.9, 0.86, 0.86, 0.9, 0.9};
static const double high[] = {1.9, 1.4, NAN, 1.0, 0.95, 0.97, 1.0, 1.1};
static const plot_series curves[] = {
    {"training", epochs, loss, NULL, NULL, 8, PLOT_LINE},
    {"validation, with interval", epochs, validation, low, high, 8, PLOT_LINE_POINTS},
};
static const plot_chart chart = {.title = "Loss by epoch",
                                 .x_label = "epoch",
                                 .y_label = "loss",
                                 .series = curves,
                                 .series_count = 2,
                                 .has_mark = true,
                                 .mark = 5,
                                 .mark_name = "kept epoch"};

Test(plot, of_lines_shows_each_series_in_its_colour)
{
    medtl_error err = {0};

    cr_assert(plot_lines(file("lines.png"), &chart, &err) == MEDTL_OK, "%s", err.message);
    cr_assert(count_pixels("lines.png", 0, 115, 178) > 500); /* blue: training */
    cr_assert(count_pixels("lines.png", 214, 94, 0) > 500);  /* orange: validation */
    cr_assert(count_pixels("lines.png", 0, 158, 115) == 0);  /* there is no third one */
}

Test(plot, of_svg_is_well_formed_and_draws_letters_as_outlines)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_error err = {0};

    cr_assert(plot_lines(file("lines.svg"), &chart, &err) == MEDTL_OK, "%s", err.message);
    cr_assert(medtl_file_read(path, 1 << 24, &bytes, &size, &err) == MEDTL_OK);
    cr_assert(memmem(bytes, size, "<svg ", 5) != NULL && memmem(bytes, size, "</svg>", 6) != NULL);
    cr_assert(memmem(bytes, size, "<text", 5) == NULL);
    free(bytes);
}

Test(plot, as_png_is_the_same_bytes_each_time)
{
    unsigned char *first = NULL, *second = NULL;
    size_t first_size = 0, second_size = 0;

    cr_assert(plot_lines(file("one.png"), &chart, NULL) == MEDTL_OK);
    cr_assert(medtl_file_read(path, 1 << 24, &first, &first_size, NULL) == MEDTL_OK);
    cr_assert(plot_lines(file("one.png"), &chart, NULL) == MEDTL_OK);
    cr_assert(medtl_file_read(path, 1 << 24, &second, &second_size, NULL) == MEDTL_OK);
    cr_assert(first_size == second_size && memcmp(first, second, first_size) == 0);
    free(first);
    free(second);
}

Test(plot, on_log_axes_leaves_out_what_is_not_above_zero)
{
    static const double rate[] = {0.0, 1e-4, 1e-3, 1e-2, 1e-1, -1.0};
    static const double y[] = {5, 2.0, 1.9, 0.9, 3.5, 9};
    const plot_series s = {"loss", rate, y, NULL, NULL, 6, PLOT_LINE};
    plot_chart c = {.title = "Learning rate finder",
                    .x_label = "learning rate",
                    .y_label = "loss",
                    .series = &s,
                    .series_count = 1,
                    .x_log = true};

    cr_assert(plot_lines(file("log.png"), &c, NULL) == MEDTL_OK);
    cr_assert(count_pixels("log.png", 0, 115, 178) > 500);
}

Test(plot, refuses_what_it_cannot_draw_and_leaves_nothing_behind)
{
    static const double none[] = {NAN, INFINITY};
    const plot_series s = {"nothing", none, none, NULL, NULL, 2, PLOT_LINE};
    const plot_chart empty = {.series = &s, .series_count = 1};
    const plot_bar bar = {"x", NAN, NAN, NAN};
    const plot_bin bin = {0.0, 0.0, 0};
    medtl_error err = {0};

    cr_assert(plot_lines(file("a.gif"), &chart, &err) == MEDTL_E_ARGUMENT);
    cr_assert(strstr(err.message, ".png or .svg") != NULL, "%s", err.message);
    cr_assert(plot_lines(file("a.png"), &empty, &err) == MEDTL_E_ARGUMENT);
    cr_assert(plot_roc(file("a.png"), NULL, NULL, 0, &err) == MEDTL_E_ARGUMENT);
    cr_assert(plot_confusion(file("a.png"), NULL, NULL, NULL, 0, &err) == MEDTL_E_ARGUMENT);
    cr_assert(plot_reliability(file("a.png"), NULL, &bin, 1, 0, &err) == MEDTL_E_ARGUMENT);
    cr_assert(plot_bars(file("a.png"), NULL, NULL, &bar, 1, NAN, &err) == MEDTL_E_ARGUMENT);
    cr_assert(plot_lines("/nonexistent/a.png", &chart, &err) == MEDTL_E_IO);
    cr_assert(rmdir(folder) == 0, "the folder is not empty");
    cr_assert(mkdir(folder, 0700) == 0);
}

Test(plot, survives_texts_that_are_not_utf8_or_far_too_long)
{
    char name[2000];
    plot_chart c = chart;

    memset(name, 'W', sizeof name);
    name[sizeof name - 1] = '\0';
    c.title = "bad \xff\xc0\x80 \xed\xa0\x80 <&\"> \x01 caf\xc3\xa9 \xc3";
    c.y_label = name;
    cr_assert(plot_lines(file("texts.png"), &c, NULL) == MEDTL_OK);
    cr_assert(plot_lines(file("texts.svg"), &c, NULL) == MEDTL_OK);
}

Test(plot, of_roc_passes_where_the_points_are)
{
    static const double x[] = {0, 0, 0.2, 0.2, 1}, y[] = {0, 0.6, 0.6, 1, 1};
    static const double x2[] = {0, 0.3, 0.7, 1}, y2[] = {0, 0.5, 0.8, 1};
    const plot_roc_curve roc[] = {{"melanoma", x, y, 5, 0.92}, {"naevus", x2, y2, 4, NAN}};

    cr_assert(plot_roc(file("roc.png"), "ROC, one class against the rest", roc, 2, NULL) ==
              MEDTL_OK);
    cr_assert(count_pixels("roc.png", 0, 115, 178) > 500);
    cr_assert(plot_roc(file("roc.svg"), NULL, roc, 2, NULL) == MEDTL_OK);
}

Test(plot, of_confusion_is_dark_where_the_share_is_large)
{
    static const uint64_t all_right[] = {90, 0, 0, 12}, all_wrong[] = {0, 0, 0, 0};
    static const char *const names[] = {"no cancer", "cancer"};
    /* A full share is 0.9 of the blue over white: 255 - 0.9 * (255 - blue). */
    const int red = 26, green = 129, blue = 186;

    cr_assert(plot_confusion(file("confusion.png"), "Confusion", all_right, names, 2, NULL) ==
              MEDTL_OK);
    cr_assert(count_pixels("confusion.png", red, green, blue) > 20000); /* two cells of 128 px */
    cr_assert(plot_confusion(file("none.png"), "Confusion", all_wrong, names, 2, NULL) == MEDTL_OK);
    cr_assert(count_pixels("none.png", red, green, blue) == 0);
}

Test(plot, of_many_classes_is_drawn)
{
    static const char *const names[] = {"akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"};
    uint64_t counts[49];

    for (size_t i = 0; i < 49; i++)
        counts[i] = i % 8 == 0 ? 60 + i : i % 7;
    cr_assert(plot_confusion(file("seven.png"), "Confusion matrix (test, n = 1,197)", counts, names,
                             7, NULL) == MEDTL_OK);
}

Test(plot, of_reliability_is_drawn)
{
    plot_bin bins[15];

    for (size_t i = 0; i < 15; i++) {
        const double middle = ((double)i + 0.5) / 15.0;

        bins[i] = (plot_bin){middle, middle * middle, i < 4 ? 0 : 10 * i * i};
    }
    cr_assert(plot_reliability(file("reliability.png"), "Reliability", bins, 15, 0.0731, NULL) ==
              MEDTL_OK);
    cr_assert(count_pixels("reliability.png", 214, 94, 0) > 300);
}

Test(plot, of_bars_is_drawn)
{
    static const plot_bar bars[] = {{"scratch", 0.71, 0.66, 0.75},
                                    {"BYOL on HAM10000, then fine-tuned", 0.83, 0.80, 0.86},
                                    {"failed", NAN, NAN, NAN},
                                    {"one seed", 0.78, NAN, NAN}};

    cr_assert(plot_bars(file("bars.png"), "Macro AUC by recipe", "macro AUC (95 % interval)", bars,
                        4, 0.5, NULL) == MEDTL_OK);
    cr_assert(plot_bars(file("bars.svg"), NULL, NULL, bars, 4, NAN, NULL) == MEDTL_OK);
}

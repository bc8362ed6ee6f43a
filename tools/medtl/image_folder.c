/* Which files below a folder, or of a list, are images. */
#include "image_source.h"

#include "core/base/file.h"
#include "core/train/picture.h"
#include "medtl/study.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LIST_LIMIT = 256 << 20, SNIFFED = 32 }; /* bytes */

typedef struct walk {
    image_source *source;
    const char *keyword; /* whose value is the free label; NULL: none */
    size_t root;         /* characters of a path that messages leave out */
    size_t room;
    const char *command; /* for messages */
    char *archive;       /* that was named last; owned */
} walk;

bool image_folder_is(const char *path)
{
    const size_t length = strlen(path);
    struct stat found;

    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode))
        return true;
    return length < 4 || strcasecmp(path + length - 4, ".csv") != 0;
}

static const char *keyword_of(const char *free_label)
{
    static const char *const names[][2] = {{"side", "laterality"},
                                           {"photometric", "PhotometricInterpretation"},
                                           {"patient", "PatientID"}};

    for (size_t i = 0; free_label != NULL && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i][0], free_label) == 0)
            return names[i][1];
    return free_label; /* "view" is one already */
}

/* Keywords begin with a capital letter; "view" and its like are derived, and need not be asked for. */
static bool is_keyword(const char *name)
{
    return name != NULL && name[0] >= 'A' && name[0] <= 'Z';
}

static bool is_picture(const char *path)
{
    unsigned char bytes[SNIFFED] = {0};
    FILE *file = fopen(path, "rb");
    const size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;

    if (file != NULL)
        fclose(file);
    return medtl_picture_recognise(bytes, size) != MEDTL_PICTURE_UNKNOWN;
}

static bool grow(walk *w)
{
    image_source *s = w->source;
    const size_t room = w->room > 0 ? 2 * w->room : 256;
    label_row *rows;
    char **values;

    if (s->table.count < w->room)
        return true;
    rows = realloc(s->table.rows, room * sizeof *rows);
    if (rows == NULL)
        return false;
    s->table.rows = rows;
    values = realloc(s->values, room * sizeof *values);
    if (values == NULL)
        return false;
    s->values = values;
    w->room = room;
    return true;
}

static bool add(walk *w, const char *path, const char *value)
{
    image_source *s = w->source;
    label_row *row;
    char *copy, *label = NULL;

    if (!grow(w))
        return false;
    copy = strdup(path);
    if (copy == NULL || (value != NULL && (label = strdup(value)) == NULL)) {
        free(copy);
        return false;
    }
    row = &s->table.rows[s->table.count];
    *row = (label_row){.path = copy,
                       .file = copy + (strlen(copy) > w->root ? w->root : 0),
                       .group = (uint32_t)s->table.count};
    s->values[s->table.count++] = label;
    return true;
}

/* The characters of a path that name a zip archive which holds the rest of it; 0: it lies in none. */
static size_t archive_part(const char *path)
{
    char *copy = strdup(path), *slash, begin[2] = "";
    struct stat found;
    FILE *file = NULL;
    size_t length = 0;

    while (copy != NULL && stat(copy, &found) != 0 && (slash = strrchr(copy, '/')) != NULL)
        *slash = '\0';
    if (copy != NULL && strlen(copy) < strlen(path) && (file = fopen(copy, "rb")) != NULL &&
        fread(begin, 1, 2, file) == 2 && memcmp(begin, "PK", 2) == 0)
        length = strlen(copy);
    if (file != NULL)
        fclose(file);
    free(copy);
    return length;
}

/* The scanner looks into archives, what reads samples does not: each is named, and counts as one other file. */
static bool leave_archive_out(walk *w, const char *path, size_t length)
{
    if (w->archive != NULL && strlen(w->archive) == length &&
        strncmp(w->archive, path, length) == 0)
        return true;
    free(w->archive);
    w->archive = strndup(path, length);
    if (w->archive == NULL)
        return false;
    w->source->no_images++;
    fprintf(stderr,
            "medtl %s: not looked into: %s: an archive, which training does not read: unpack it\n",
            w->command, w->archive);
    return true;
}

/* A damaged DICOM file is listed, too: reading it will say what is wrong, and count it. */
static medtl_status on_item(void *context, medtl_scan_item *item)
{
    walk *w = context;
    const medtl_facts *facts = item->instance != NULL ? medtl_instance_facts(item->instance) : NULL;
    const size_t archive = archive_part(item->path);
    const char *value = NULL;
    bool image = false, kept = true;

    if (archive > 0) {
        medtl_instance_destroy(item->instance);
        return leave_archive_out(w, item->path, archive) ? MEDTL_OK : MEDTL_E_MEMORY;
    }
    if (facts != NULL)
        image = facts->has_pixel_data;
    else if (item->status == MEDTL_E_NOT_DICOM)
        image = is_picture(item->path);
    else
        image = item->status != MEDTL_E_UNSUPPORTED; /* a DICOMDIR is no image */
    if (item->instance != NULL && w->keyword != NULL)
        value = medtl_instance_value(item->instance, w->keyword);
    if (image)
        kept = add(w, item->path, value);
    else
        w->source->no_images++;
    medtl_instance_destroy(item->instance);
    if (!kept)
        return MEDTL_E_MEMORY;
    return stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

/* A list as text, owned by the caller. @param[out] start  Its first line: editors put a byte order mark before UTF-8.
 * @param[out] lines  At least as many as it has. */
static medtl_status read_text(const char *path, char **text, char **start, size_t *lines,
                              char sha256[MEDTL_SHA256_TEXT_SIZE], medtl_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_status status = medtl_file_read(path, LIST_LIMIT, &bytes, &size, err);

    if (status != MEDTL_OK)
        return status;
    if (memchr(bytes, '\0', size) != NULL) {
        free(bytes);
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: a zero byte: this is no list of images", path);
    }
    medtl_sha256_text(bytes, size, sha256);
    *lines = 1;
    for (size_t i = 0; i < size; i++)
        *lines += bytes[i] == '\n';
    *text = (char *)bytes;
    *start = *text + (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    return MEDTL_OK;
}

/* Lines of a list as paths; relative ones start from `root`, or from the list's folder. Owned by the caller. */
static medtl_status read_list(const labels_options *options, char ***paths, size_t *count,
                              char sha256[MEDTL_SHA256_TEXT_SIZE], medtl_error *err)
{
    const char *slash = strrchr(options->data, '/');
    const int length = slash != NULL ? (int)(slash - options->data) : 1;
    char *text = NULL, *rest = NULL, *line;
    size_t room = 0;
    medtl_status status = read_text(options->data, &text, &rest, &room, sha256, err);

    if (status != MEDTL_OK)
        return status;
    *paths = calloc(room + 1, sizeof **paths);
    if (*paths == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a list of %zu files", room);
    while (status == MEDTL_OK && (line = strsep(&rest, "\n")) != NULL) {
        char **path = &(*paths)[*count];
        int written;

        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '\0')
            continue;
        if (line[0] == '/')
            written = asprintf(path, "%s", line);
        else if (options->root != NULL)
            written = asprintf(path, "%s/%s", options->root, line);
        else
            written = asprintf(path, "%.*s/%s", length, slash != NULL ? options->data : ".", line);
        if (written < 0)
            status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a list of files");
        else
            (*count)++;
    }
    free(text);
    return status;
}

medtl_status image_folder_list(const image_source_options *options, image_source *source,
                               medtl_error *err)
{
    const char *path = options->labels.data;
    const char *keyword = keyword_of(options->free_label);
    const size_t asked = is_keyword(keyword) ? 1 : 0;
    walk w = {.source = source, .keyword = keyword, .command = options->command};
    char **paths = NULL;
    size_t count = 0;
    struct stat found;
    medtl_status status = medtl_dicom_start(err);

    if (status != MEDTL_OK)
        return status;
    if (stat(path, &found) != 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot be opened", path);
    if (S_ISDIR(found.st_mode)) {
        w.root = strlen(path) + (path[strlen(path) - 1] != '/');
        status = medtl_scan(&path, 1, &keyword, asked, on_item, &w, err);
    } else {
        status = read_list(&options->labels, &paths, &count, source->table.sha256, err);
        if (status == MEDTL_OK)
            status =
                medtl_scan((const char *const *)paths, count, &keyword, asked, on_item, &w, err);
    }
    if (status != MEDTL_OK && err->message[0] == '\0')
        status = medtl_fail(err, status, "%s: stopped while looking for images", path);
    free(w.archive);
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
    return status;
}

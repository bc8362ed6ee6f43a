#include "deidentifying.h"

#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { NEW_KEY_SIZE = 32 };

option deidentifying_key_option(deidentifying *d)
{
    return (option){
        OPTION_TEXT,
        "key",
        0,
        "FILE",
        &d->key_file,
        0,
        0,
        SHAPES_NOTHING,
        "the secret that UIDs and pseudonyms follow from; made if it is not there. With it, later "
        "runs give the same ones; whoever has it can test guesses: keep it with the patients' data. "
        "Without: a new secret for this run, which is forgotten"};
}

option deidentifying_shift_option(deidentifying *d)
{
    return (option){
        OPTION_FLAG,
        "shift-dates",
        0,
        "",
        &d->options.shift_dates,
        0,
        0,
        SHAPES_NOTHING,
        "move all dates of a patient back by the same 1 to 3650 days, and keep times of day, "
        "instead of removing both; dates of birth go all the same"};
}

option deidentifying_characteristics_option(deidentifying *d)
{
    return (option){OPTION_FLAG,
                    "keep-patient-characteristics",
                    0,
                    "",
                    &d->options.keep_patient_characteristics,
                    0,
                    0,
                    SHAPES_NOTHING,
                    "keep age (at most 90), sex, size, weight, ethnic group, smoking, pregnancy"};
}

option deidentifying_burned_in_option(deidentifying *d)
{
    return (option){
        OPTION_FLAG,
        "allow-burned-in",
        0,
        "",
        &d->options.allow_burned_in,
        0,
        0,
        SHAPES_NOTHING,
        "take images with Burned In Annotation YES, and what shows their pixels, all the same"};
}

static medtl_status draw_secret(unsigned char secret[NEW_KEY_SIZE], medtl_error *err)
{
    if (getrandom(secret, NEW_KEY_SIZE, 0) != NEW_KEY_SIZE)
        return medtl_fail(err, MEDTL_E_IO, "cannot draw a secret: %s", strerror(errno));
    return MEDTL_OK;
}

/* Never over a file that is there: a lost key cannot be made again. Readable by its owner only. */
static medtl_status make_key_file(const char *path, const unsigned char secret[NEW_KEY_SIZE],
                                  medtl_error *err)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good;

    if (file < 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot make the key: %s", path, strerror(errno));
    good = write(file, secret, NEW_KEY_SIZE) == NEW_KEY_SIZE && fsync(file) == 0;
    if (close(file) != 0 || !good) {
        (void)unlink(path);
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot write the key", path);
    }
    return MEDTL_OK;
}

static medtl_status create(deidentifying *d, const void *key, size_t size, medtl_deidentifier **out,
                           medtl_error *err)
{
    d->options.key = key;
    d->options.key_size = size;
    return medtl_deidentifier_create(&d->options, out, err);
}

medtl_status deidentifying_again(deidentifying *d, const medtl_limits *limits,
                                 medtl_deidentifier **out, medtl_error *err)
{
    unsigned char *key = NULL;
    size_t size = 0;
    medtl_error inner = {MEDTL_OK, ""};
    medtl_status status;

    *out = NULL;
    d->options.limits = limits;
    status = medtl_file_read(d->key_file, MEDTL_DEIDENTIFY_KEY_MOST, &key, &size, err);
    if (status == MEDTL_OK && (status = create(d, key, size, out, &inner)) != MEDTL_OK)
        (void)medtl_fail(err, status, "%s: %s", d->key_file, inner.message);
    if (key != NULL)
        explicit_bzero(key, size);
    free(key);
    return status;
}

medtl_status deidentifying_start(deidentifying *d, const medtl_limits *limits, bool quiet,
                                 medtl_deidentifier **out, medtl_error *err)
{
    unsigned char secret[NEW_KEY_SIZE];
    medtl_status status;

    if (d->key_file != NULL && access(d->key_file, F_OK) == 0)
        return deidentifying_again(d, limits, out, err);
    *out = NULL;
    d->options.limits = limits;
    if ((status = draw_secret(secret, err)) == MEDTL_OK && d->key_file != NULL) {
        status = make_key_file(d->key_file, secret, err);
        if (status == MEDTL_OK && !quiet)
            fprintf(stderr, "dcm-medtl: a new key is in %s: keep it secret\n", d->key_file);
    }
    if (status == MEDTL_OK)
        status = create(d, secret, sizeof secret, out, err);
    explicit_bzero(secret, sizeof secret);
    return status;
}

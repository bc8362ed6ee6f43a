#include "core/base/file.h"
#include "core/train/checkpoint.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static void make_path(void)
{
    snprintf(path, sizeof path, "checkpoint_test_%ld.bin", (long)getpid());
}
static void remove_path(void) { unlink(path); }

TestSuite(checkpoint, .init = make_path, .fini = remove_path);

static const char text[] = "lr=0.1\nseed=1\n";

static void write_one(void)
{
    int numbers[3] = {1, 2, 3};
    double value = 4.5;
    const medtl_block blocks[] = {{numbers, sizeof numbers}, {NULL, 0}, {&value, sizeof value}};

    cr_assert_eq(medtl_checkpoint_write(path, text, blocks, 3, NULL), MEDTL_OK);
}

/* Read what write_one() wrote under another description, and hope for a status. */
static void read_one(const char *as_text, size_t last_size, size_t count, medtl_status expected,
                     const char *hint)
{
    int numbers[3] = {-1, -1, -1};
    double value[2] = {-1.0, -1.0};
    const medtl_block blocks[] = {{numbers, sizeof numbers}, {NULL, 0}, {value, last_size}};
    medtl_error err = {0};

    cr_assert_eq(medtl_checkpoint_read(path, as_text, blocks, count, &err), expected, "%s",
                 err.message);
    if (expected == MEDTL_OK) {
        cr_assert(numbers[0] == 1 && numbers[2] == 3 && value[0] == 4.5);
    } else {
        cr_assert(numbers[0] == -1 && value[0] == -1.0, "nothing may be copied on failure");
        cr_assert_not_null(strstr(err.message, hint), "%s", err.message);
    }
}

Test(checkpoint, gives_back_what_was_written)
{
    write_one();
    read_one(text, sizeof(double), 3, MEDTL_OK, "");
}

Test(checkpoint, of_another_run_shows_what_differs)
{
    write_one();
    read_one("lr=0.1\nseed=2\n", sizeof(double), 3, MEDTL_E_CONFIG,
             "it has 'seed=1', this one 'seed=2'");
    read_one("lr=0.1\n", sizeof(double), 3, MEDTL_E_CONFIG, "seed=1");
    read_one("lr=0.1\nseed=1\nepochs=3\n", sizeof(double), 3, MEDTL_E_CONFIG, "epochs=3");
}

Test(checkpoint, of_another_network_is_refused)
{
    write_one();
    read_one(text, 2 * sizeof(double), 3, MEDTL_E_CONFIG, "another network");
    read_one(text, sizeof(double), 2, MEDTL_E_CONFIG, "another network");
}

Test(checkpoint, every_flipped_bit_and_every_cut_is_noticed)
{
    unsigned char *bytes = NULL;
    size_t size = 0;

    write_one();
    cr_assert_eq(medtl_file_read(path, 1 << 20, &bytes, &size, NULL), MEDTL_OK);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x10;
        cr_assert_eq(medtl_file_replace(path, bytes, size, NULL), MEDTL_OK);
        read_one(text, sizeof(double), 3, MEDTL_E_FORMAT, "checkpoint");
        bytes[i] ^= 0x10;
        cr_assert_eq(medtl_file_replace(path, bytes, i, NULL), MEDTL_OK);
        read_one(text, sizeof(double), 3, MEDTL_E_FORMAT, "checkpoint");
    }
    free(bytes);
}

Test(checkpoint, a_missing_file_is_an_io_error)
{
    read_one(text, sizeof(double), 3, MEDTL_E_IO, "cannot open");
}

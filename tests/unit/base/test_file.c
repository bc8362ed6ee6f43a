/* Files are replaced whole, and are as readable as the process says that new files shall be. */
#include "core/base/file.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/medtl-file-XXXXXX", path[64];

static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/f", folder);
}

static void tear_down(void)
{
    unlink(path);
    cr_expect_eq(rmdir(folder), 0, "something is left beside the file");
}

TestSuite(file, .init = setup, .fini = tear_down);

struct mask_case {
    unsigned mask, mode;
};

ParameterizedTestParameters(file, is_as_readable_as_the_umask_says)
{
    static struct mask_case cases[] = {{0022, 0644}, {0077, 0600}, {0027, 0640}, {0002, 0664}};

    return cr_make_param_array(struct mask_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct mask_case *c, file, is_as_readable_as_the_umask_says)
{
    struct stat facts;

    umask((mode_t)c->mask);
    cr_assert_eq(medtl_file_replace(path, "a", 1, NULL), MEDTL_OK);
    cr_assert_eq(stat(path, &facts), 0);
    cr_expect_eq(facts.st_mode & 0777, c->mode);
}

Test(file, replaces_what_is_there)
{
    unsigned char *bytes = NULL;
    size_t size = 0;

    cr_assert_eq(medtl_file_replace(path, "longer", 6, NULL), MEDTL_OK);
    cr_assert_eq(medtl_file_replace(path, "new", 3, NULL), MEDTL_OK);
    cr_assert_eq(medtl_file_read(path, 100, &bytes, &size, NULL), MEDTL_OK);
    cr_expect(size == 3 && memcmp(bytes, "new", 3) == 0);
    free(bytes);
}

Test(file, says_why_it_cannot_be_written)
{
    medtl_error err = {0};

    cr_expect_eq(medtl_file_replace("/proc/none/f", "a", 1, &err), MEDTL_E_IO);
    cr_expect_not_null(strstr(err.message, "/proc/none/f: cannot write: "));
}

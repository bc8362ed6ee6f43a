/* Runs the official conformance data of ONNX (Debian: libonnx-testdata) and writes or checks docs/OPERATORS.md.
 *   onnx_conformance --check FILE    exit 0 where every claimed case passes and FILE says so; 1 otherwise; 77: no data
 *   onnx_conformance --write FILE
 *   onnx_conformance --list          one line for each case of operators that we have
 * The data are looked for in $MEDTL_ONNX_TESTDATA, else where Debian puts them. */
#include "onnx_case.h"

#include "core/base/file.h"
#include "core/nn/tensor/nd.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPPED = 77, MOST_CASES = 4096, THREADS = 2 };

static const char *const groups[] = {"node", "pytorch-converted", "pytorch-operator", "simple"};

static onnx_case cases[MOST_CASES];
static size_t case_count;

static int is_case(const struct dirent *entry) { return strncmp(entry->d_name, "test_", 5) == 0; }

static bool run_group(const char *root, const char *group)
{
    char folder[512];
    struct dirent **entries;
    int count;

    snprintf(folder, sizeof folder, "%s/%s", root, group);
    count = scandir(folder, &entries, is_case, alphasort);
    if (count < 0)
        return false;
    for (int i = 0; i < count; i++) {
        if (case_count < MOST_CASES) {
            onnx_case_run(folder, entries[i]->d_name, THREADS, &cases[case_count]);
            case_count += cases[case_count].lacks ? 0 : 1;
        }
        free(entries[i]);
    }
    free(entries);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void count_cases(const char *op, size_t *passed, size_t *refused)
{
    *passed = *refused = 0;
    for (size_t i = 0; i < case_count; i++)
        for (size_t k = 0; k < cases[i].op_count; k++)
            if (strcmp(cases[i].ops[k], op) == 0)
                ++*(cases[i].verdict == VERDICT_PASSED ? passed : refused);
}

/* What the message says of the reason: behind the file, the node or the tensor. */
static const char *reason(const char *why)
{
    const char *at = strstr(why, "): ");

    if (at != NULL)
        return at + 3;
    at = strstr(why, "\": ");
    return at != NULL ? at + 3 : why;
}

static void print_operators(FILE *out)
{
    const char *names[256] = {"Constant"};
    size_t count = 1;

    for (size_t i = 0; medtl_nd_op_name(i) != NULL && count < 256; i++)
        names[count++] = medtl_nd_op_name(i);
    qsort(names, count, sizeof names[0], compare_names);
    fprintf(out, "| operator | cases passed | not claimed |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        size_t passed, refused;

        count_cases(names[i], &passed, &refused);
        fprintf(out, "| %s | %zu | %zu |\n", names[i], passed, refused);
    }
}

static void print_table(FILE *out)
{
    size_t passed = 0, refused = 0, operators = 1;

    for (size_t i = 0; i < case_count; i++)
        ++*(cases[i].verdict == VERDICT_PASSED ? &passed : &refused);
    while (medtl_nd_op_name(operators - 1) != NULL)
        operators++;
    fprintf(out,
            "# ONNX operators\n\n"
            "What `medtl convert` takes and the plugin runs: %zu operators of opsets %d to %d, on "
            "float32, int64, int32\n"
            "(held as int64) and bool. Whatever decides a shape must be constant once the input's "
            "size is known.\n\n"
            "This page is written by `onnx_conformance --write` from the official conformance data "
            "of ONNX (Debian's\n"
            "libonnx-testdata: node, pytorch-converted, pytorch-operator and simple), and the test "
            "suite checks that it is\n"
            "current. A case counts for every operator in it. Each was run with its inputs as "
            "inputs, with all but the first as\n"
            "constants, and with all as constants, wherever that could be planned, to the "
            "tolerances of ONNX's own runner (1e-3 relative, 1e-7 absolute).\n\n"
            "**%zu cases of these operators pass.** %zu more ask for what is not claimed; they are "
            "refused with a message, and\n"
            "listed at the end.\n\n",
            operators, MEDTL_ND_OLDEST_OPSET, MEDTL_ND_NEWEST_OPSET, passed, refused);
    print_operators(out);
    fprintf(out, "\n## Cases that are not claimed\n\n| case | why |\n|---|---|\n");
    for (size_t i = 0; i < case_count; i++)
        if (cases[i].verdict != VERDICT_PASSED)
            fprintf(out, "| %s | %s |\n", cases[i].name, reason(cases[i].why));
}

static size_t report_failures(void)
{
    size_t failed = 0;

    for (size_t i = 0; i < case_count; i++)
        if (cases[i].verdict == VERDICT_FAILED) {
            fprintf(stderr, "FAILED %s: %s\n", cases[i].name, cases[i].why);
            failed++;
        }
    return failed;
}

static int check(const char *path, const char *text, size_t size)
{
    unsigned char *bytes = NULL;
    size_t held = 0;
    medtl_error err = {0};
    int result = 1;

    if (medtl_file_read(path, (size_t)1 << 24, &bytes, &held, &err) != MEDTL_OK)
        fprintf(stderr, "%s\n", err.message);
    else if (held != size || memcmp(bytes, text, size) != 0)
        fprintf(stderr, "%s is not current; write it anew with: onnx_conformance --write %s\n",
                path, path);
    else
        result = 0;
    free(bytes);
    return result;
}

int main(int argc, char **argv)
{
    const char *root = getenv("MEDTL_ONNX_TESTDATA");
    char *text = NULL;
    size_t size = 0, failed;
    FILE *out;
    int result = 1;

    if (argc != 3 && !(argc == 2 && strcmp(argv[1], "--list") == 0)) {
        fprintf(stderr, "usage: onnx_conformance --check FILE | --write FILE | --list\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (!run_group(root != NULL ? root : "/usr/share/libonnx-testdata/data", groups[i])) {
            printf(
                "skipped: the conformance data of ONNX are not there (Debian: libonnx-testdata)\n");
            return SKIPPED;
        }
    failed = report_failures();
    if (argc == 2) {
        for (size_t i = 0; i < case_count; i++)
            printf("%s %s %s\n",
                   cases[i].verdict == VERDICT_PASSED    ? "passed"
                   : cases[i].verdict == VERDICT_REFUSED ? "refused"
                                                         : "FAILED",
                   cases[i].name, cases[i].why);
        return failed > 0;
    }
    out = open_memstream(&text, &size);
    if (out == NULL)
        return 1;
    print_table(out);
    fclose(out);
    if (strcmp(argv[1], "--write") == 0)
        result = medtl_file_replace(argv[2], text, size, NULL) == MEDTL_OK ? 0 : 1;
    else
        result = check(argv[2], text, size);
    free(text);
    return failed > 0 ? 1 : result;
}

#include "run_onnx.h"

#include "core/base/file.h"
#include "nn_model.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#define RUNNER MEDTL_SOURCE_DIR "/tests/integration/export/run_onnx.js"

extern char **environ;

int run_program(const char *const *arguments)
{
    pid_t child;
    int status = 0;

    if (posix_spawnp(&child, arguments[0], NULL, NULL, (char *const *)arguments, environ) != 0)
        return RUN_ONNX_NOT_INSTALLED;
    while (waitpid(child, &status, 0) < 0)
        cr_assert_eq(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int run_onnx(const char *path, const float *input, const size_t sizes[3], size_t outputs,
             float *output)
{
    char in[256], out[256], numbers[4][24];
    const char *const arguments[] = {"node",     RUNNER,     path,       in,         out,
                                     numbers[0], numbers[1], numbers[2], numbers[3], NULL};
    const size_t image = sizes[0] * sizes[1] * sizes[2];
    unsigned char *bytes = NULL;
    size_t size = 0;
    int code;

    snprintf(numbers[0], sizeof numbers[0], "%d", RUN_ONNX_IMAGES);
    for (size_t i = 0; i < 3; i++)
        snprintf(numbers[i + 1], sizeof numbers[i + 1], "%zu", sizes[i]);
    nn_temporary_path(in, sizeof in);
    nn_temporary_path(out, sizeof out);
    cr_assert_eq(medtl_file_replace(in, input, RUN_ONNX_IMAGES * image * sizeof(float), NULL),
                 MEDTL_OK);
    code = run_program(arguments);
    if (code == 0) {
        cr_assert_eq(medtl_file_read(out, 1 << 20, &bytes, &size, NULL), MEDTL_OK);
        cr_assert_eq(size, RUN_ONNX_IMAGES * outputs * sizeof(float));
        memcpy(output, bytes, size);
        free(bytes);
    }
    unlink(in);
    unlink(out);
    return code;
}

#include "child.h"

#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the new process, where nothing may fail in silence: exit code 127 as of a shell. */
static void become(char *const *arguments, int log, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it ended before the line above */
        _exit(127);
    if (dup2(log, STDOUT_FILENO) >= 0)
        execv("/proc/self/exe", arguments);
    _exit(127);
}

static int wait_for(pid_t pid)
{
    const struct timespec pause = {0, 20 * 1000 * 1000};
    bool told = false;
    int state = 0;

    for (;;) {
        const pid_t ended = waitpid(pid, &state, WNOHANG);

        if (ended == pid)
            return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
        if (ended < 0 && errno != EINTR)
            return 127;
        if (stop_wanted() && !told) {
            kill(pid,
                 SIGTERM); /* at a terminal it has had its own SIGINT as well, which does no harm */
            told = true;
        }
        nanosleep(&pause, NULL);
    }
}

medtl_status child_run(char *const *arguments, const char *log, int *exit_code, medtl_error *err)
{
    const int file =
        open(log != NULL ? log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    char name[] = "medtl", **words;
    size_t count = 0;
    pid_t parent = getpid(), pid;

    if (file < 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot write: %s", log, strerror(errno));
    while (arguments[count] != NULL)
        count++;
    words = calloc(count + 2, sizeof *words);
    if (words == NULL) {
        close(file);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    words[0] = name;
    memcpy(words + 1, arguments, count * sizeof *words);
    pid = fork();
    if (pid == 0)
        become(words, file, parent);
    close(file);
    free(words);
    if (pid < 0)
        return medtl_fail(err, MEDTL_E_IO, "cannot start medtl %s: %s", arguments[0],
                          strerror(errno));
    *exit_code = wait_for(pid);
    return MEDTL_OK;
}

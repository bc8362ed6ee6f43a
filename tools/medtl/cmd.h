/* What the commands of medtl have in common. */
#ifndef MEDTL_TOOL_CMD_H
#define MEDTL_TOOL_CMD_H

#include "medtl/error.h"

/* Exit codes, the same for every command. */
enum {
    EXIT_DONE = 0,
    EXIT_INCOMPLETE =
        1,          /* ran, but some files failed (each was named), or was stopped before its end */
    EXIT_USAGE = 2, /* the command line or a configuration is wrong */
    EXIT_CANNOT_RUN = 3 /* data or model unreadable, output not writable, no memory */
};

/** A command: argv[0] is its name, as main() of a program of its own. */
typedef struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} command;

int cmd_labels(int argc, char **argv);
int cmd_pretrain(int argc, char **argv);
int cmd_finetune(int argc, char **argv);
int cmd_evaluate(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_ensemble(int argc, char **argv);
int cmd_balance(int argc, char **argv);
int cmd_temper(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_run_recipe(int argc, char **argv);
int cmd_run_experiment(int argc, char **argv);
int cmd_report(int argc, char **argv);

/** Print "medtl COMMAND: message" and give the exit code that fits the status. */
int report_failure(const char *command_name, const medtl_error *err);

#endif

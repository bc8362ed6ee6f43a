/* What the commands of dcm-medtl have in common. */
#ifndef DCM_MEDTL_CMD_H
#define DCM_MEDTL_CMD_H

/* Exit codes, the same for every command. */
enum {
    EXIT_DONE = 0,       /* every image analysed, or ruled out by configuration */
    EXIT_INCOMPLETE = 1, /* ran, but some files failed; each was named          */
    EXIT_USAGE = 2,      /* the command line or the configuration is wrong      */
    EXIT_CANNOT_RUN = 3  /* no data dictionary, no memory, output not writable (also standard
                            output, at which main() looks)                      */
};

/** A command: argv[0] is its name, as main() of a program of its own. */
typedef struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} command;

int cmd_classify(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_tasks(int argc, char **argv);
int cmd_phantom(int argc, char **argv);
int cmd_wrap(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_deidentify(int argc, char **argv);

#endif

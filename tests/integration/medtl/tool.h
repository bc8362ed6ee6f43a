/* Runs the medtl program on pictures that the test makes, in a folder of its own. */
#ifndef MEDTL_TEST_TOOL_H
#define MEDTL_TEST_TOOL_H

#include <stdbool.h>
#include <stddef.h>

enum { TOOL_OUTPUT_SIZE = 1 << 16, PICTURE_SIDE = 32 };

/** Output (both streams) of the last run. */
extern char tool_output[TOOL_OUTPUT_SIZE];

/** Make an empty folder and go there; and remove it with everything in it. */
void folder_make(void);
void folder_remove(void);

/** Run "medtl ARGUMENTS" by the shell in the folder. Arguments may send stdout elsewhere ("> FILE"): what goes to
 *  stderr is in tool_output even so. @return its exit status. */
int tool(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Write a gray PNG: noise, and with `marked` a brighter square somewhere, so that the two kinds can be told
 *  apart. @param inverted  Stored with its lowest value as white. */
void picture_write(const char *path, unsigned seed, bool marked, bool inverted);

/** pictures/N.png for N below count, odd ones marked, and labels.csv with the columns file, label (no, yes),
 *  group (of two: one of each label), fold (0 to 4, by group) and photometric. */
void pictures_write(unsigned count);

/** Write a whole text file. */
void text_write(const char *path, const char *text);

/** Do two files hold the same bytes? false also where one is missing. */
bool same_bytes(const char *a, const char *b);
bool exists(const char *path);

/** A number of a JSON file by the path of its keys, separated by '/'. NAN where absent. */
double json_number(const char *file, const char *path);

/* What most runs have in common: a small network that learns the pictures in seconds. */
#define SMALL_RUN                                                                                      \
    "--data labels.csv --classes no,yes --normaliser 'v1 channels=1 size=32x32 voi=full crop=none "    \
    "side=keep fit=stretch constancy=none mean=0.5,0.5,0.5 sd=0.25,0.25,0.25' --architecture hybrid2 " \
    "--width 4 --batch 16 --lr 0.02 --ema 0.9 --dropout 0.2 --augment mammography,rotation=5 "

#endif

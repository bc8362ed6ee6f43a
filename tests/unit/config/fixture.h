/* Tasks written to files of their own, and images made of attributes, for the tests of config/. */
#ifndef TEST_CONFIG_FIXTURE_H
#define TEST_CONFIG_FIXTURE_H

#include "medtl/config.h"

/** A fresh folder; removed by drop_folder(). */
const char *make_folder(void);
void drop_folder(void);

/** Write FOLDER/NAME. @return its path, good until the process ends. */
const char *write_file(const char *name, const char *text);

/** A valid task with another name and another inside of <take>; NULL: the usual ones. */
const char *task_text(const char *name, const char *take);

/** A valid task in which the first occurrence of `from` is replaced; cr_assert that there is one. */
const char *task_with(const char *from, const char *to);

/** Load one file that must be right. */
medtl_config *load(const char *path);

/** An image as "Keyword=value|Keyword=value"; a look-up for medtl_task_accepts(). */
const char *image_value(const void *image, const char *keyword);

#endif

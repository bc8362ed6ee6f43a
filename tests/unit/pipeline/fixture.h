/* A folder with two tiny tasks ("gray": MG objects; "colour": three samples), their models, and whatever
 * objects a test puts there. */
#ifndef TEST_PIPELINE_FIXTURE_H
#define TEST_PIPELINE_FIXTURE_H

#include "pipeline.h"
#include "raw_dicom.h"

/** Make the folder with tasks and models; the suites call both. */
void setup(void);
void teardown(void);

/** FOLDER/NAME. Good until the process ends. */
const char *path_of(const char *name);
const char *objects_folder(void);

/** Put an object into the folder of objects. @return its path. */
const char *add_object(const char *name, const raw_dicom *what);
const char *add_bytes(const char *name, const void *bytes, size_t size);

/** The tasks of this folder, which must load. */
medtl_pipeline *load_pipeline(void);

/** Text of a task, with one change; NULL: none. */
void write_task(const char *file, const char *name, bool colour, const char *from, const char *to);
void write_model(const char *task_file, unsigned seed, const char *model_file);

/** A batch over the folder of objects. */
medtl_batch *batch_of_folder(const medtl_pipeline *pipeline);

/** The record of FOLDER/objects/NAME. */
const medtl_record *record_of(const medtl_batch *batch, const char *name);

/** A sink that keeps everything. */
typedef struct kept_report {
    char study[65], sop[65], task[65];
    unsigned char *bytes;
    size_t size, image_count;
    bool is_evidence;
} kept_report;
typedef struct kept {
    kept_report reports[16];
    size_t count;
    medtl_status answer; /* what the sink returns */
} kept;
medtl_status keep(void *context, const medtl_batch_report *report,
                  char location[MEDTL_LOCATION_SIZE], medtl_error *err);
void forget(kept *k);

#endif
